#include <fmt/format.h>
#include <gmock/gmock.h>

#include "segue/core/error.hpp"
#include "segue/core/random.hpp"
#include "tests/data/export/small.hpp"

namespace segue::data {
namespace {

using test::message_of;
using test::TempFolder;
using test::Threads;
using test_export::ids_of;
using test_export::small_factors;
using test_export::small_matrix;
using testing::ElementsAre;

const IdTable& users() {
  static const IdTable ids = ids_of({"u one", "v", "NA", "only follows"});
  return ids;
}
const IdTable& songs() {
  static const IdTable ids = ids_of({"s\t1", "null", "\"q\"", "only in the log"});
  return ids;
}

CsrView pattern_of(const Csr& matrix) {
  CsrView view = matrix.view();
  view.values = {};
  return view;
}

TEST(ExportWord2vec, LeavesOutRowsOfZeros) {
  const TempFolder folder;
  const ExportResult result = export_word2vec(folder / "songs.txt", small_factors(), no_progress());
  EXPECT_EQ(folder.read("songs.txt"), "2 2\na%20b 1 -2.5\nc 0 0.1\n");
  EXPECT_EQ(result.rows, 2);
  EXPECT_THAT(result.files, ElementsAre(folder / "songs.txt"));
}

TEST(ExportWord2vec, OfNothing) {
  const TempFolder folder;
  export_word2vec(folder / "songs.txt", {}, no_progress());
  EXPECT_EQ(folder.read("songs.txt"), "0 0\n");
}

TEST(ExportLibsvm, HasALineARowAndCountsFromOne) {
  const TempFolder folder;
  const Csr matrix = small_matrix();
  export_libsvm(folder / "m.svm", {matrix.view(), users(), songs()}, no_progress());
  EXPECT_EQ(folder.read("m.svm"), "0 1:1 4:-0.1\n0\n0 2:3\n");
  EXPECT_EQ(folder.read("m.users.ids.tsv"), "row\tid\n0\tu one\n1\tv\n2\tNA\n");
  EXPECT_EQ(folder.read("m.songs.ids.tsv"), "row\tid\n0\ts\\t1\n1\tnull\n2\t\"q\"\n3\tonly in the log\n");
  export_libsvm(folder / "p.svm", {pattern_of(matrix), users(), songs()}, no_progress());
  EXPECT_EQ(folder.read("p.svm"), "0 1:1 4:1\n0\n0 2:1\n");
}

TEST(ExportMatrixMarket, RealAndPattern) {
  const TempFolder folder;
  const Csr matrix = small_matrix();
  export_matrix_market(folder / "m.mtx", {matrix.view(), users(), songs()}, no_progress());
  EXPECT_EQ(folder.read("m.mtx"), "%%MatrixMarket matrix coordinate real general\n3 4 3\n1 1 1\n1 4 -0.1\n3 2 3\n");
  export_matrix_market(folder / "p.mtx", {pattern_of(matrix), users(), songs()}, no_progress());
  EXPECT_EQ(folder.read("p.mtx"), "%%MatrixMarket matrix coordinate pattern general\n3 4 3\n1 1\n1 4\n3 2\n");
}

TEST(ExportMatrixMarket, RefusesFewerIdsThanColumns) {
  const TempFolder folder;
  const Csr matrix = small_matrix();
  const IdTable few = ids_of({"s"});
  EXPECT_EQ(message_of<InvalidArgument>([&] {
              export_matrix_market(folder / "m.mtx", {matrix.view(), users(), few}, no_progress());
            }),
            (folder / "m.songs.ids.tsv").string() + ": 1 ids for 4 rows");
  EXPECT_EQ(folder.read("m.mtx"), "");
}

/// Three songs; "only in the log" is not in it.
Catalogue small_catalogue() {
  Catalogue catalogue;
  catalogue.titles = {"A \"B\"", "Two\nWords", "\"Q\""};
  catalogue.artists = ids_of({"ar 1", "NA"});
  catalogue.artist_names = {"One", ""};
  catalogue.artist = {0, 1, IdTable::kNone};
  catalogue.release_day = {15000, Catalogue::kNoDate, 0};
  catalogue.duration_ms = {180000, 0, 1};
  return catalogue;
}

TEST(ExportRecbole, WritesTheThreeTables) {
  const TempFolder folder;
  const Csr matrix = small_matrix();
  const Csr follows{.rows = 2, .columns = 2, .offsets = {0, 2, 2}, .indices = {0, 1}, .values = {}};
  const ExportResult result = export_recbole(folder / "mine/", {matrix.view(), users(), songs()}, "weight",
                                             small_catalogue(), follows.view(), no_progress());
  EXPECT_EQ(folder.read("mine/mine.inter"),
            "user_id:token\titem_id:token\tweight:float\n"
            "u%20one\ts%091\t1\nu%20one\tonly%20in%20the%20log\t-0.1\n%4EA\t%6Eull\t3\n");
  EXPECT_EQ(folder.read("mine/mine.item"),
            "item_id:token\ttitle:token_seq\tartist_id:token\tartist:token_seq\trelease_date:token\tduration_ms:float\n"
            "s%091\t\"A \"\"B\"\"\"\tar%201\tOne\t2011-01-26\t180000\n"
            "%6Eull\tTwo Words\t%4EA\tNA\t\t\n"
            "%22q%22\t\"\"\"Q\"\"\"\t\t\t1970-01-01\t1\n"
            "only%20in%20the%20log\t\t\t\t\t\n");
  EXPECT_EQ(folder.read("mine/mine.user"), "user_id:token\tfollows:token_seq\nu%20one\tar%201 %4EA\nv\t\n%4EA\t\n");
  EXPECT_EQ(result.files.size(), 3u);
  EXPECT_EQ(result.rows, 3);
}

TEST(ExportRecbole, RemovesTablesOfAnEarlierExportThatItDoesNotMake) {
  const TempFolder folder;
  const Csr matrix = small_matrix();
  std::filesystem::create_directory(folder / "mine");
  folder.write("mine/mine.item", "old");
  folder.write("mine/mine.user", "old");
  const ExportResult result =
      export_recbole(folder / "mine", {pattern_of(matrix), users(), songs()}, "count", {}, {}, no_progress());
  EXPECT_EQ(result.files.size(), 1u);
  EXPECT_FALSE(std::filesystem::exists(folder / "mine/mine.item"));
  EXPECT_FALSE(std::filesystem::exists(folder / "mine/mine.user"));
  EXPECT_THAT(folder.read("mine/mine.inter"), testing::StartsWith("user_id:token\titem_id:token\tcount:float\n"
                                                                  "u%20one\ts%091\t1\n"));
}

TEST(ExportTrec, RanksInTheListsOrder) {
  const TempFolder folder;
  const auto lists = folder.write(
      "lists.jsonl",
      R"({"user":"u one","songs":[{"position":1,"song":"b","score":0.1},{"position":2,"song":"a\tx","score":0.9}]})"
      "\n"
      R"({"user":"nothing","songs":[]})"
      "\n"
      R"({"user":"v","songs":[{"position":1,"song":"c","score":3}]})"
      "\n");
  const ExportResult result = export_trec(folder / "run.trec", lists, "tag", no_progress());
  EXPECT_EQ(folder.read("run.trec"), "u%20one Q0 b 1 2 tag\nu%20one Q0 a%09x 2 1 tag\nv Q0 c 1 1 tag\n");
  EXPECT_EQ(result.rows, 3);
}

TEST(ExportTrec, NamesTheLineThatIsNoList) {
  const TempFolder folder;
  for (const char* damaged : {"{\"user\":\"v\",\"so", "[]", "7", "{\"user\":7,\"songs\":[]}", "{\"user\":\"v\"}", "",
                              "{\"user\":\"v\",\"songs\":{}}", "{\"user\":\"v\",\"songs\":[{\"song\":null}]}"}) {
    const auto lists = folder.write("lists.jsonl", "{\"user\":\"u\",\"songs\":[]}\n" + std::string(damaged) + "\n");
    EXPECT_THAT(message_of<BadInput>([&] { export_trec(folder / "run.trec", lists, "tag", no_progress()); }),
                testing::StartsWith(lists.string() + " line 2: not a list as Segue writes them: "))
        << damaged;
    EXPECT_EQ(folder.read("run.trec"), "");
  }
}

TEST(ExportCopy, IsTheFileAndCountsItsLines) {
  const TempFolder folder;
  const std::string text = std::string(3 << 20, 'x') + "\ny\n";
  const auto from = folder.write("from.csv", text);
  EXPECT_EQ(export_copy(folder / "to.csv", from, no_progress()).rows, 2);
  EXPECT_EQ(folder.read("to.csv"), text);
}

// A matrix, vectors and lists of many pieces each.
struct Large {
  Large() {
    Random random(7);
    matrix = {.rows = 5000, .columns = 3000, .offsets = {0}, .indices = {}, .values = {}};
    for (std::int64_t row = 0; row < matrix.rows; ++row) {
      for (std::int32_t column = 0; column < matrix.columns; ++column)
        if (random.uniform() < (row % 100 == 0 ? 0.5 : 0.01) && row % 7 != 3) {
          matrix.indices.push_back(column);
          matrix.values.push_back(static_cast<float>(random.normal()));
        }
      matrix.offsets.push_back(static_cast<std::int64_t>(matrix.indices.size()));
    }
    for (std::int64_t row = 0; row < matrix.rows; ++row)
      ids.add("id " + std::to_string(row));
    factors.vectors = Matrix<float>(matrix.rows, 33);
    for (std::int64_t row = 0; row < matrix.rows; ++row)
      for (float& value : factors.vectors.row(row))
        value = row % 5 == 0 ? 0 : static_cast<float>(random.normal());
    factors.ids = ids;
    for (int user = 0; user < 40000; ++user)
      lists += "{\"user\":\"" + std::to_string(user) + "\",\"songs\":[{\"song\":\"" +
               std::string(random.below(200), 's') + "x\"}]}\n";
  }

  Csr matrix;
  IdTable ids;
  FactorTable factors;
  std::string lists;
};

// The text of one row after another, as the formats have it: nothing is lost between pieces.
std::string plain_matrix_market(const Csr& matrix) {
  std::string text = fmt::format("%%MatrixMarket matrix coordinate real general\n{} {} {}\n", matrix.rows,
                                 matrix.columns, matrix.nonzeros());
  for (std::int64_t row = 0; row < matrix.rows; ++row)
    for (std::size_t i = static_cast<std::size_t>(matrix.offsets[static_cast<std::size_t>(row)]);
         i < static_cast<std::size_t>(matrix.offsets[static_cast<std::size_t>(row) + 1]); ++i)
      text += fmt::format("{} {} {}\n", row + 1, matrix.indices[i] + 1, matrix.values[i]);
  return text;
}

TEST(Exports, AreTheSameBytesOnAnyNumberOfThreads) {
  const TempFolder folder;
  const Large large;
  const auto lists = folder.write("lists.jsonl", large.lists);
  const LabelledMatrix matrix{large.matrix.view(), large.ids, large.ids};
  std::string first;
  for (const int threads : {1, 2, 5}) {
    const Threads limit(threads);
    export_matrix_market(folder / "m.mtx", matrix, no_progress());
    export_libsvm(folder / "m.svm", matrix, no_progress());
    export_recbole(folder / "mine", matrix, "weight", {}, {}, no_progress());
    export_word2vec(folder / "v.txt", large.factors, no_progress());
    export_trec(folder / "run.trec", lists, "t", no_progress());
    const std::string all = folder.read("m.mtx") + folder.read("m.svm") + folder.read("mine/mine.inter") +
                            folder.read("v.txt") + folder.read("run.trec");
    if (first.empty())
      first = all;
    EXPECT_TRUE(all == first) << threads;
  }
  EXPECT_TRUE(folder.read("m.mtx") == plain_matrix_market(large.matrix));
  EXPECT_EQ(std::ranges::count(folder.read("m.svm"), '\n'), large.matrix.rows);
  EXPECT_EQ(std::ranges::count(folder.read("mine/mine.inter"), '\n'), large.matrix.nonzeros() + 1);
  EXPECT_EQ(std::ranges::count(folder.read("v.txt"), '\n'), 4001);
  EXPECT_EQ(std::ranges::count(folder.read("run.trec"), '\n'), 40000);
}

}  // namespace
}  // namespace segue::data
