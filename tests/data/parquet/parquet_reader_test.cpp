// What is refused, and how it is said; files that no program at hand writes.
#include "host/data/parquet/parquet_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "segue/core/error.hpp"
#include "segue/core/file.hpp"
#include "tests/data/parquet/file_builder.hpp"
#include "tests/data/test_files.hpp"

namespace segue::data {
namespace {

namespace fs = std::filesystem;
using namespace segue::test;  // NOLINT: the builder's words
using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

fs::path golden(const std::string& name) {
  return fs::path(SEGUE_TEST_DATA) / "parquet" / "files" / (name + ".parquet");
}

void read_all(ParquetReader& reader) {
  const auto block = reader.make_block();
  while (reader.next(*block))
    block->for_each([](const Record&) {}, {});
}

// Column "c", a null as "-".
std::vector<std::string> values_of(std::string_view bytes, std::int64_t block_records = 8192) {
  ParquetReader reader(ParquetBytes{"made.parquet", bytes}, {"c"}, {.block_records = block_records});
  std::vector<std::string> values;
  const auto block = reader.make_block();
  while (reader.next(*block))
    block->for_each(
        [&](const Record& record) { values.emplace_back(is_missing(record.fields[0]) ? "-" : record.fields[0]); }, {});
  return values;
}

std::string refusal(std::string_view bytes) {
  return message_of<BadInput>([&] { values_of(bytes); });
}

std::string refusal(const fs::path& path, const std::vector<std::string>& columns) {
  return message_of<BadInput>([&] {
    ParquetReader reader(path, columns);
    read_all(reader);
  });
}

std::string int32s(const std::vector<std::int32_t>& values) {
  std::string bytes;
  for (const std::int32_t value : values)
    bytes += little_endian(value);
  return bytes;
}

std::string with_size(const std::string& bytes) {
  return little_endian(static_cast<std::uint32_t>(bytes.size())) + bytes;
}

ParquetFile file_of(const std::string& pages, std::int64_t rows, int repetition = 0) {
  ParquetFile file;
  file.pages = pages;
  file.rows = rows;
  file.repetition = repetition;
  return file;
}

TEST(ParquetReader, NamesWhatIsThereWhereAColumnIsMissing) {
  EXPECT_EQ(
      refusal(golden("arrow_nested"), {"before", "song"}),
      golden("arrow_nested").string() +
          ": no column \"song\"; there are \"before\", \"track.id\", \"track.length\", \"track.inner.x\", \"after\";"
          " rename the one that is meant");
}

TEST(ParquetReader, RefusesColumnsThatItDoesNotRead) {
  EXPECT_THAT(refusal(golden("arrow_nested"), {"tags.list.element"}),
              HasSubstr("column \"tags.list.element\": it is a list or a map, or lies in one; only flat columns"));
  EXPECT_THAT(refusal(golden("arrow_unread_types"), {"time"}),
              HasSubstr("column \"time\": its type (physical 2, logical 7, converted -1"));
  EXPECT_THAT(refusal(golden("arrow_unread_types"), {"half"}), HasSubstr("is not read; cast it to text"));
  EXPECT_THAT(refusal(golden("arrow_unread_types"), {"big"}), HasSubstr("is not read; cast it to text"));
  EXPECT_THAT(refusal(golden("arrow_same_name_twice"), {"a"}), HasSubstr("two columns are named \"a\"; rename one"));
  EXPECT_THAT(refusal(golden("arrow_brotli"), {"a"}),
              HasSubstr("column \"a\", row group 1 of 1: it is compressed with BROTLI, which is not read; write"));
}

TEST(ParquetReader, RefusesOptionsOutOfRange) {
  EXPECT_THAT(message_of<InvalidArgument>([] { ParquetReader(golden("pandas"), {}); }), HasSubstr("name at least one"));
  EXPECT_THAT(message_of<InvalidArgument>([] { ParquetReader(golden("pandas"), {"user"}, {.block_records = 0}); }),
              HasSubstr("block_records 0"));
}

TEST(ParquetReader, RefusesWhatIsNoParquetFile) {
  const TempFolder folder;
  EXPECT_THROW(ParquetReader(folder / "none", {"a"}), IoError);
  const auto refused = [&](std::string_view content) { return refusal(folder.write("f", content), {"a"}); };
  const std::string path = (folder / "f").string();
  EXPECT_EQ(refused(""), path + ": it is not a Parquet file, which begins with PAR1");
  EXPECT_THAT(refused("user,song\n"), EndsWith("begins with PAR1"));
  EXPECT_THAT(refused("PARE1234PARE"), HasSubstr("its footer is encrypted; decrypt it first"));
  EXPECT_THAT(refused("PAR1"), HasSubstr("was cut short or is still being written; copy it again"));
  EXPECT_THAT(refused("PAR1PAR1"), HasSubstr("was cut short"));
  EXPECT_THAT(refused(std::string("PAR1\xff\0\0\0PAR1", 12)), HasSubstr("would have 255 bytes, the file has 12"));
  EXPECT_THAT(refused(std::string("PAR1\0\0\0\0PAR1", 12)), HasSubstr("footer is damaged: it ends too early; copy"));
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(refusal(folder / "pipe", {"a"}), HasSubstr("cannot be read from a pipe or a device, as its index"));
}

TEST(ParquetReader, RefusesEveryFileThatIsCutShort) {
  const std::string whole = read_file(golden("spark_v2"));
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_THROW(ParquetReader(ParquetBytes{"cut", std::string_view(whole).substr(0, size)}, {"user"}), BadInput)
        << size;
}

TEST(ParquetReader, RecognisesItsFiles) {
  EXPECT_TRUE(is_parquet(read_file(golden("duckdb_v1_zstd"))));
  EXPECT_TRUE(is_parquet("PARE"));
  EXPECT_FALSE(is_parquet("PAR"));
  EXPECT_FALSE(is_parquet("user,song"));
}

TEST(ParquetReader, GivesViewsThatStayAsLongAsTheBlock) {
  for (const char* name : {"duckdb_row_groups_v1", "duckdb_row_groups_v2"})
    for (const std::int64_t block_records : {1, 300, 1024, 2048, 8192}) {
      auto reader = std::make_unique<ParquetReader>(golden(name), std::vector<std::string>{"n", "user", "seventh"},
                                                    ParquetFormat{.block_records = block_records});
      std::vector<std::unique_ptr<RecordBlock>> blocks;
      for (auto block = reader->make_block(); reader->next(*block); block = reader->make_block())
        blocks.push_back(std::move(block));
      reader.reset();
      std::vector<std::string_view> views;
      for (const auto& block : blocks) {
        block->for_each([](const Record&) {}, {});  // a block can be gone through again
        block->for_each(
            [&](const Record& record) { views.insert(views.end(), record.fields.begin(), record.fields.end()); }, {});
      }
      ASSERT_EQ(views.size(), 7500u);
      for (int row = 0; row < 2500; ++row) {
        ASSERT_EQ(views[static_cast<std::size_t>(row) * 3], std::to_string(row));
        ASSERT_EQ(views[static_cast<std::size_t>(row) * 3 + 1], "user" + std::to_string(row / 500));
        ASSERT_EQ(views[static_cast<std::size_t>(row) * 3 + 2], row % 7 == 0 ? "true" : "false");
      }
    }
}

TEST(ParquetReader, SaysHowFarItIs) {
  ParquetReader reader(golden("arrow_small_pages"), {"song", "skipped"}, {.block_records = 7});
  EXPECT_EQ(reader.file_bytes(), static_cast<std::int64_t>(fs::file_size(golden("arrow_small_pages"))));
  EXPECT_EQ(reader.path(), golden("arrow_small_pages"));
  const auto block = reader.make_block();
  std::int64_t before = 0;
  while (reader.next(*block)) {
    EXPECT_GT(block->file_position, before);
    before = block->file_position;
  }
  EXPECT_EQ(before, reader.file_bytes());
  EXPECT_FALSE(reader.next(*block));
}

TEST(ParquetReader, ChecksTheChecksumsOfPages) {
  std::string bytes = read_file(golden("arrow_checksum"));
  const std::size_t at = bytes.find("user0");  // in the dictionary page of the first column
  ASSERT_NE(at, std::string::npos);
  bytes[at] = 'X';
  ParquetReader reader(ParquetBytes{"f.parquet", bytes}, {"user"});
  EXPECT_THAT(message_of<BadInput>([&] { read_all(reader); }),
              AllOf(StartsWith("f.parquet: column \"user\", row group 1 of 1, dictionary page: its checksum is "),
                    HasSubstr(", its header says "), EndsWith("; copy the file again")));
  ParquetReader other(ParquetBytes{"f.parquet", bytes}, {"song"});
  read_all(other);  // is not touched by it
}

TEST(ParquetReader, ReadsRequiredAndOptionalPagesOfBothVersions) {
  EXPECT_THAT(values_of(file_of(data_page(int32s({1, -2}), 2), 2).bytes()), ElementsAre("1", "-2"));
  EXPECT_THAT(values_of(file_of(data_page_v2(int32s({1, -2}), 2, 0), 2).bytes()), ElementsAre("1", "-2"));
  const std::string levels = "\3\5";  // bit-packed: 1, 0, 1
  EXPECT_THAT(values_of(file_of(data_page(with_size(levels) + int32s({7, 8}), 3), 3, 1).bytes()),
              ElementsAre("7", "-", "8"));
  EXPECT_THAT(values_of(file_of(data_page_v2(levels + int32s({7, 8}), 3, 2), 3, 1).bytes()),
              ElementsAre("7", "-", "8"));
}

TEST(ParquetReader, PassesOverIndexPagesAndEmptyOnes) {
  const std::string pages =
      index_page() + data_page("", 0) + data_page(int32s({1}), 1) + index_page() + data_page(int32s({2, 3}), 2);
  EXPECT_THAT(values_of(file_of(pages, 3).bytes(), 1), ElementsAre("1", "2", "3"));
}

TEST(ParquetReader, ReadsBooleansInRuns) {
  ParquetFile file = file_of(data_page(with_size(varint(3 << 1) + '\1' + varint(2 << 1) + '\0'), 5, kRle), 5);
  file.physical = kBoolean;
  EXPECT_THAT(values_of(file.bytes(), 2), ElementsAre("true", "true", "true", "false", "false"));
}

TEST(ParquetReader, ReadsADictionaryThatTheFooterDoesNotName) {
  const std::string pages =
      dictionary_page(int32s({40, 50}), 2) + data_page("\1\2\1", 1, kRleDictionary) + data_page(int32s({60}), 1);
  EXPECT_THAT(values_of(file_of(pages, 2).bytes()), ElementsAre("50", "60"));
}

TEST(ParquetReader, NamesRowGroupAndPageOfDamage) {
  const std::string good = data_page(int32s({1}), 1);
  EXPECT_EQ(refusal(file_of(good + data_page(int32s({1, 2}), 3), 4).bytes()),
            "made.parquet: column \"c\", row group 1 of 1, page 2: its values end too early");
  EXPECT_THAT(refusal(file_of(data_page(int32s({1, 2}), 2), 1).bytes()),
              HasSubstr("there are 2 rows, the row group has 1"));
  EXPECT_THAT(refusal(file_of(good, 2).bytes()), HasSubstr("page 2: it ends too early"));
  EXPECT_THAT(refusal(file_of(data_page("\1\2\0", 1, kRleDictionary), 1).bytes()),
              HasSubstr("page 1: its values refer to a dictionary, and there is none"));
  EXPECT_THAT(refusal(file_of(dictionary_page(int32s({1}), 9) + data_page("\1\2\0", 1, kRleDictionary), 1).bytes()),
              HasSubstr("dictionary page: 9 values do not fit its 4 bytes"));
  EXPECT_THAT(refusal(file_of(dictionary_page("", 0, kRle) + data_page("\1\2\0", 1, kRleDictionary), 1).bytes()),
              HasSubstr("dictionary page: its encoding, number 3, is none that"));
  EXPECT_THAT(refusal(file_of(data_page(int32s({1}), 1, 77), 1).bytes()), HasSubstr("number 77 in parquet.thrift"));
  EXPECT_THAT(refusal(file_of(data_page(int32s({1}), 1, kPlain, kBitPacked), 1, 1).bytes()),
              HasSubstr("its levels are not in RLE encoding; write the file again"));
  EXPECT_THAT(refusal(file_of(data_page_v2("\2\1" + int32s({1}), 1, 99), 1, 1).bytes()),
              HasSubstr("its levels are longer than the page"));
  EXPECT_THAT(refusal(file_of(data_page(with_size("\3\377") + int32s({1}), 8), 8, 1).bytes()),
              HasSubstr("end too early"));
  EXPECT_THAT(refusal(file_of(data_page(with_size("\2\3") + int32s({1}), 1), 1, 1).bytes()),
              HasSubstr("definition level above 1"));
}

TEST(ParquetReader, RefusesChunksThatItCannotRead) {
  ParquetFile file = file_of(data_page(int32s({1}), 1), 1);
  file.chunk.text(1, "other.parquet");
  EXPECT_THAT(refusal(file.bytes()), HasSubstr("its values lie in another file; write all into one"));
  file = file_of(data_page(int32s({1}), 1), 1);
  for (const std::int64_t offset : {std::int64_t{-4}, std::int64_t{3}, std::int64_t{1} << 40}) {
    file.offset = offset;
    EXPECT_THAT(refusal(file.bytes()), HasSubstr("page 1: it would begin at byte " + std::to_string(offset)));
  }
  file.offset = 4;
  file.codec = 4;
  EXPECT_THAT(refusal(file.bytes()), HasSubstr("BROTLI"));
  file.codec = 55;
  EXPECT_THAT(refusal(file.bytes()), HasSubstr("in a way that is not known"));
}

TEST(ParquetReader, RefusesEncryptedColumns) {
  ParquetFile file = file_of(data_page(int32s({1}), 1), 1);
  file.encrypted = true;
  EXPECT_THAT(refusal(file.bytes()), HasSubstr("row group 1 of 1: it is encrypted; decrypt it first"));
}

// Snappy of nothing is one byte, but some writers leave it out.
TEST(ParquetReader, ReadsCompressedPagesOfNothing) {
  ParquetFile file = file_of(data_page_v2(varint(4 << 1) + '\0', 4, 2), 4, 1);
  file.codec = 1;
  EXPECT_THAT(values_of(file.bytes()), ElementsAre("-", "-", "-", "-"));
}

TEST(ParquetReader, RefusesSchemasThatAreNoTree) {
  ParquetFile file = file_of(data_page(int32s({1}), 1), 1);
  file.root = ThriftStruct().text(4, "root").number(5, 0);
  EXPECT_THAT(refusal(file.bytes()), HasSubstr("its schema is no tree"));
  file.root = ThriftStruct().text(4, "root").number(5, 2);
  EXPECT_THAT(refusal(file.bytes()), HasSubstr("its schema ends too early"));
  EXPECT_THAT(refusal(file.with_footer(ThriftStruct().bytes())), HasSubstr("its schema has no root"));
  std::vector<ThriftStruct> deep(1000, ThriftStruct().number(3, 0).text(4, std::string(100, 'n')).number(5, 1));
  EXPECT_THAT(refusal(file.with_footer(ThriftStruct().list(2, deep).bytes())), HasSubstr("or too deep"));
  const ThriftStruct lost = ThriftStruct().list(2, {ThriftStruct().text(4, "r").number(5, 0)});
  EXPECT_THAT(refusal(file.with_footer(lost.bytes())), HasSubstr("no column \"c\"; there are none"));
}

TEST(ParquetReader, RefusesRowCountsThatCannotBe) {
  ParquetFile file = file_of("", -1);
  EXPECT_THAT(refusal(file.bytes()), HasSubstr("a row group of -1 rows"));
  const ThriftStruct group = ThriftStruct().number(3, std::int64_t{1} << 62);
  EXPECT_THAT(refusal(file.with_footer(ThriftStruct().list(4, {group, group}).bytes())),
              HasSubstr("row group of 4611"));
}

TEST(ParquetReader, AFileThatChangesIsNotBelieved) {
  const TempFolder folder;
  const auto path = folder.write("made.parquet", file_of(data_page(int32s({1, 2}), 2), 2).bytes());
  ParquetReader reader(path, {"c"});
  const auto block = reader.make_block();
  ASSERT_TRUE(reader.next(*block));
  std::filesystem::last_write_time(path, std::filesystem::last_write_time(path) + std::chrono::seconds(1));
  try {
    reader.next(*block);
    FAIL();
  } catch (const BadInput& error) {
    EXPECT_THAT(error.what(), HasSubstr("was changed while it was read"));
  }
}

// Two billion nulls in a hundred bytes: given, not stored.
TEST(ParquetReader, ReadsAnEndlessRunInBoundedMemory) {
  const std::int64_t rows = 2'147'483'647;
  const std::string bytes =
      file_of(data_page(with_size(varint(std::uint64_t{0xfffffffe}) + '\0'), rows), rows, 1).bytes();
  EXPECT_LT(bytes.size(), 150u);
  ParquetReader reader(ParquetBytes{"made.parquet", bytes}, {"c"});
  const auto block = reader.make_block();
  ASSERT_TRUE(reader.next(*block));
  std::int64_t nulls = 0;
  block->for_each([&](const Record& record) { nulls += is_missing(record.fields[0]); }, {});
  EXPECT_EQ(nulls, 8192);
}

}  // namespace
}  // namespace segue::data
