#include "segue/data/factor_table.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <limits>

#include "segue/core/error.hpp"
#include "tests/data/test_files.hpp"

namespace segue::data {
namespace {

using test::message_of;
using test::TempFolder;

IdTable ids_of(std::initializer_list<const char*> names) {
  IdTable ids;
  for (const char* name : names)
    ids.add(name);
  return ids;
}

TEST(FactorTable, ComesBack) {
  const TempFolder folder;
  Matrix<float> vectors(2, 3);
  std::copy_n(std::initializer_list<float>{1, -2.5f, 3e-20f, 4, 5, 6}.begin(), 6, vectors.data());
  write_factor_table(folder.path(), "songs", vectors.view(), ids_of({"s1", "s2", "not trained on"}));
  const FactorTable table = read_factor_table(folder.path(), "songs");
  ASSERT_EQ(table.vectors.rows(), 2);
  ASSERT_EQ(table.vectors.columns(), 3);
  EXPECT_TRUE(std::equal(vectors.data(), vectors.data() + 6, table.vectors.data()));
  EXPECT_EQ(table.ids.size(), 2);
  EXPECT_EQ(table.ids.id(1), "s2");
}

TEST(FactorTable, RefusesWhatDoesNotFit) {
  const TempFolder folder;
  Matrix<float> vectors(2, 3, 1.0f);
  EXPECT_EQ(
      message_of<InvalidArgument>([&] { write_factor_table(folder.path(), "songs", vectors.view(), ids_of({"a"})); }),
      "songs: 1 ids for 2 vectors");
  write_factor_table(folder.path(), "songs", vectors.view(), ids_of({"a", "b"}));
  write_ids(folder.path() / "songs.ids.tsv", ids_of({"a", "b", "c"}));
  const std::string file = (folder.path() / "songs").string();
  EXPECT_EQ(message_of<BadInput>([&] { read_factor_table(folder.path(), "songs"); }),
            file + ".npy: 2 rows, but " + file + ".ids.tsv has 3 ids; the two files do not belong together");
  vectors(1, 2) = std::numeric_limits<float>::infinity();
  write_factor_table(folder.path(), "songs", vectors.view(), ids_of({"a", "b"}));
  EXPECT_EQ(message_of<BadInput>([&] { read_factor_table(folder.path(), "songs"); }),
            file + ".npy: row 1 has a value that is not finite");
}

}  // namespace
}  // namespace segue::data
