#include "segue/data/id_table.hpp"

#include <gmock/gmock.h>

#include <string>
#include <unordered_map>
#include <vector>

#include "segue/core/error.hpp"
#include "segue/core/random.hpp"
#include "tests/data/test_files.hpp"

namespace segue::data {
namespace {

using test::message_of;
using test::TempFolder;
using testing::HasSubstr;

TEST(IdTable, RowsAreInOrderOfFirstAppearance) {
  IdTable ids;
  EXPECT_EQ(ids.find("a"), IdTable::kNone);
  EXPECT_EQ(ids.add("b"), 0);
  EXPECT_EQ(ids.add("a"), 1);
  EXPECT_EQ(ids.add("b"), 0);
  EXPECT_EQ(ids.add(""), 2);
  EXPECT_EQ(ids.size(), 3);
  EXPECT_EQ(ids.id(1), "a");
  EXPECT_EQ(ids.find(""), 2);
  EXPECT_EQ(ids.find("c"), IdTable::kNone);
}

// Random ids of every length around the steps of the hash, many alike but for one byte, against a standard map.
TEST(IdTable, AgreesWithAMap) {
  Random random(1);
  IdTable ids;
  std::unordered_map<std::string, std::int32_t> want;
  std::vector<std::string> order;
  for (int i = 0; i < 50000; ++i) {
    std::string id(random.below(40), 'x');
    for (int changes = 0; changes < 2 && !id.empty(); ++changes)
      id[random.below(static_cast<std::uint32_t>(id.size()))] = static_cast<char>('0' + random.below(20));
    const auto [entry, is_new] = want.emplace(id, static_cast<std::int32_t>(want.size()));
    if (is_new)
      order.push_back(id);
    ASSERT_EQ(ids.add(id), entry->second) << id;
  }
  ASSERT_EQ(ids.size(), static_cast<std::int64_t>(order.size()));
  for (std::size_t i = 0; i < order.size(); ++i) {
    EXPECT_EQ(ids.id(static_cast<std::int32_t>(i)), order[i]);
    EXPECT_EQ(ids.find(order[i]), static_cast<std::int32_t>(i));
  }
}

TEST(IdTable, FindsManyAtOnceAsOneByOne) {
  Random random(2);
  IdTable ids;
  std::vector<std::string> asked;
  for (int i = 0; i < 1003; ++i) {
    asked.push_back("song" + std::to_string(random.below(700)));
    if (i % 3 == 0)
      ids.add(asked.back());
  }
  const std::vector<std::string_view> views(asked.begin(), asked.end());
  for (const std::size_t count :
       {std::size_t{0}, std::size_t{1}, std::size_t{31}, std::size_t{32}, std::size_t{33}, views.size()}) {
    std::vector<std::int32_t> rows(count, -7);
    ids.find(std::span(views).first(count), rows);
    for (std::size_t i = 0; i < count; ++i)
      EXPECT_EQ(rows[i], ids.find(views[i]));
  }
  std::vector<std::int32_t> none(3, 0);
  IdTable().find(std::span(views).first(3), none);
  EXPECT_THAT(none, testing::Each(IdTable::kNone));
}

TEST(IdTable, ReserveKeepsWhatIsThere) {
  IdTable ids;
  ids.add("a");
  ids.reserve(100000);
  const std::int64_t bytes = ids.memory_bytes();
  EXPECT_GE(bytes, 100000 * 16);
  ids.add("b");
  EXPECT_EQ(ids.find("a"), 0);
  EXPECT_EQ(ids.find("b"), 1);
  EXPECT_EQ(IdTable(ids).find("b"), 1);
}

TEST(IdTable, RequireNamesTheNearest) {
  IdTable ids;
  for (const char* id : {"radiohead", "portishead", "motorhead"})
    ids.add(id);
  EXPECT_EQ(ids.require("motorhead", "artists"), 2);
  EXPECT_EQ(message_of<UnknownId>([&] { ids.require("radiohad", "artists of run X"); }),
            "\"radiohad\" is not among the 3 artists of run X; nearest: \"radiohead\"");
  EXPECT_EQ(message_of<UnknownId>([&] { ids.require("zzzzzz", "artists"); }), "\"zzzzzz\" is not among the 3 artists");
}

TEST(IdsFile, AnyIdComesBack) {
  const TempFolder folder;
  IdTable ids;
  for (const char* id :
       {"plain", "tab\there", "line\nbreak", "\r\n", "back\\slash", "\\t", "Björk \xf0\x9f\x8e\xb5", ""})
    ids.add(id);
  write_ids(folder.path() / "ids.tsv", ids);
  EXPECT_THAT(folder.read("ids.tsv"),
              testing::StartsWith("row\tid\n0\tplain\n1\ttab\\there\n2\tline\\nbreak\n3\t\\r\\n\n"));
  const IdTable back = read_ids(folder.path() / "ids.tsv");
  ASSERT_EQ(back.size(), ids.size());
  for (std::int32_t row = 0; row < ids.size(); ++row)
    EXPECT_EQ(back.id(row), ids.id(row));
}

TEST(IdsFile, WritesTheFirstOnly) {
  const TempFolder folder;
  IdTable ids;
  ids.add("a");
  ids.add("b");
  write_ids(folder.path() / "ids.tsv", ids, 1);
  EXPECT_EQ(folder.read("ids.tsv"), "row\tid\n0\ta\n");
}

struct BadIds {
  const char* text;
  const char* message;
};

class IdsFileRefuses : public testing::TestWithParam<BadIds> {};

TEST_P(IdsFileRefuses, WithLineAndReason) {
  EXPECT_EQ(message_of<BadInput>([] { parse_ids(GetParam().text, "x.ids.tsv"); }), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    Texts, IdsFileRefuses,
    testing::Values(
        BadIds{"", "x.ids.tsv line 1: \"\" where a line \"row<TAB>id\" was expected"},
        BadIds{"id\trow\n", "x.ids.tsv line 1: \"id\\x09row\" where the header \"row<TAB>id\" was expected"},
        BadIds{"row\tid\n0\ta\n2\tb\n", "x.ids.tsv line 3: \"2\\x09b\" where row 1, a tab and an id was expected"},
        BadIds{"row\tid\n0 a\n", "x.ids.tsv line 2: \"0 a\" where row 0, a tab and an id was expected"},
        BadIds{"row\tid\n\ta\n", "x.ids.tsv line 2: \"\\x09a\" where row 0, a tab and an id was expected"},
        BadIds{"row\tid\n0\ta", "x.ids.tsv line 2: \"0\\x09a\" where a line that ends in a newline was expected"},
        BadIds{"row\tid\n0\ta\\x\n",
               "x.ids.tsv line 2: \"0\\x09a\\x\" where an escape \\t, \\n, \\r or \\\\ was expected"},
        BadIds{"row\tid\n0\ta\\\n",
               "x.ids.tsv line 2: \"0\\x09a\\\" where an escape \\t, \\n, \\r or \\\\ was expected"},
        BadIds{"row\tid\n0\ta\n1\ta\n",
               "x.ids.tsv line 3: \"1\\x09a\" where an id other than that of row 0 was expected"}));

TEST(IdsFile, MissingFileIsNamed) {
  EXPECT_THAT(message_of<IoError>([] { read_ids("/nowhere/x.ids.tsv"); }), HasSubstr("/nowhere/x.ids.tsv"));
}

}  // namespace
}  // namespace segue::data
