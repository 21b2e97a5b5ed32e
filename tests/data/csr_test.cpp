#include "segue/data/csr.hpp"

#include <gmock/gmock.h>

#include <limits>
#include <map>
#include <tuple>

#include "segue/core/error.hpp"
#include "segue/core/npy.hpp"
#include "segue/core/random.hpp"
#include "tests/data/test_files.hpp"

namespace segue::data {
namespace {

using test::message_of;
using test::TempFolder;
using test::Threads;
using testing::ElementsAre;

Csr small() {
  return {.rows = 3, .columns = 4, .offsets = {0, 2, 2, 3}, .indices = {0, 3, 1}, .values = {1, 2, 3}};
}

struct Shape {
  std::int64_t rows, columns;
  double density;
};

Csr random_csr(const Shape& shape, std::uint64_t seed) {
  Random random(seed);
  Csr matrix{.rows = shape.rows, .columns = shape.columns, .offsets = {0}, .indices = {}, .values = {}};
  for (std::int64_t row = 0; row < shape.rows; ++row) {
    const double density = random.uniform() < 0.3 ? 0 : shape.density * random.exponential();  // some rows are empty
    for (std::int64_t column = 0; column < shape.columns; ++column) {
      if (random.uniform() >= density)
        continue;
      matrix.indices.push_back(static_cast<std::int32_t>(column));
      matrix.values.push_back(static_cast<float>(random.normal()));
    }
    matrix.offsets.push_back(static_cast<std::int64_t>(matrix.indices.size()));
  }
  return matrix;
}

void expect_equal(const Csr& a, const Csr& b) {
  EXPECT_EQ(a.rows, b.rows);
  EXPECT_EQ(a.columns, b.columns);
  EXPECT_EQ(a.offsets, b.offsets);
  EXPECT_EQ(a.indices, b.indices);
  EXPECT_EQ(a.values, b.values);
}

// The transposed matrix written down by way of a sorted map.
Csr reference_transpose(const Csr& matrix) {
  std::map<std::tuple<std::int32_t, std::int64_t>, float> elements;
  for (std::int64_t row = 0; row < matrix.rows; ++row)
    for (std::int64_t i = matrix.offsets[static_cast<std::size_t>(row)];
         i < matrix.offsets[static_cast<std::size_t>(row) + 1]; ++i)
      elements[{matrix.indices[static_cast<std::size_t>(i)], row}] = matrix.values[static_cast<std::size_t>(i)];
  Csr result{.rows = matrix.columns, .columns = matrix.rows, .offsets = {}, .indices = {}, .values = {}};
  result.offsets.assign(static_cast<std::size_t>(matrix.columns) + 1, 0);
  for (const auto& [place, value] : elements) {
    ++result.offsets[static_cast<std::size_t>(std::get<0>(place)) + 1];
    result.indices.push_back(static_cast<std::int32_t>(std::get<1>(place)));
    result.values.push_back(value);
  }
  for (std::size_t i = 1; i < result.offsets.size(); ++i)
    result.offsets[i] += result.offsets[i - 1];
  return result;
}

class Transpose : public testing::TestWithParam<Shape> {};

TEST_P(Transpose, IsTheSameForAnyNumberOfThreads) {
  const Csr matrix = random_csr(GetParam(), 3);
  const Csr want = reference_transpose(matrix);
  for (const int threads : {1, 2, 5}) {
    const Threads scope(threads);
    expect_equal(transpose(matrix.view()), want);
    expect_equal(transpose(transpose(matrix.view()).view()), matrix);
  }
}

// The last ones have more nonzeros than a chunk, and than a part, of the partition.
INSTANTIATE_TEST_SUITE_P(Shapes, Transpose,
                         testing::Values(Shape{0, 0, 0}, Shape{0, 5, 0}, Shape{5, 0, 0}, Shape{1, 1, 1}, Shape{7, 9, 0},
                                         Shape{1, 1000, 0.5}, Shape{1000, 1, 0.5}, Shape{300, 257, 0.1},
                                         Shape{2000, 300, 0.3}, Shape{50, 20000, 0.2}));

TEST(Csr, TransposeOfAPatternIsAPattern) {
  Csr pattern = small();
  pattern.values.clear();
  const Csr back = transpose(pattern.view());
  EXPECT_THAT(back.offsets, ElementsAre(0, 1, 2, 2, 3));
  EXPECT_THAT(back.indices, ElementsAre(0, 2, 0));
  EXPECT_TRUE(back.values.empty());
}

std::string fault(const Csr& matrix) {
  return message_of<InvalidArgument>([&] { check_csr(matrix.view(), "m"); });
}

TEST(Csr, CheckSaysWhatIsWrongAndWhere) {
  EXPECT_NO_THROW(check_csr(small().view(), "m"));
  EXPECT_NO_THROW(check_csr(Csr{}.view(), "m"));
  Csr bad = small();
  bad.rows = 2;
  EXPECT_EQ(fault(bad), "m: 4 offsets for 2 rows; expected one more than rows");
  bad = small();
  bad.rows = -1;
  EXPECT_EQ(fault(bad), "m: -1 × 4 is not a shape of 0 to 2^31 - 1 rows and columns");
  bad = small();
  bad.offsets = {0, 3, 2, 3};
  EXPECT_EQ(fault(bad), "m: offset 2 of row 2 is below the one before");
  bad = small();
  bad.offsets.back() = 2;
  EXPECT_EQ(fault(bad), "m: offsets from 0 to 2 for 3 indices; expected from 0 to their number");
  bad = small();
  bad.indices[2] = 4;
  EXPECT_EQ(fault(bad), "m: row 2 has column 4, there are 4 columns");
  bad.indices[2] = -1;
  EXPECT_EQ(fault(bad), "m: row 2 has column -1, there are 4 columns");
  bad = small();
  bad.indices[1] = 0;
  EXPECT_EQ(fault(bad), "m: row 0: column 0 follows column 0; they must ascend");
  bad = small();
  bad.values.pop_back();
  EXPECT_EQ(fault(bad), "m: 2 values for 3 indices");
  bad = small();
  bad.values[2] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(fault(bad), "m: row 2 has the value nan");
}

TEST(Csr, FirstFaultIsNamedWhicheverThreadFindsOne) {
  Csr matrix{.rows = 20000, .columns = 2, .offsets = {}, .indices = {}, .values = {}};
  for (std::int64_t row = 0; row <= matrix.rows; ++row)
    matrix.offsets.push_back(row);
  matrix.indices.assign(20000, 1);
  matrix.indices[4097] = matrix.indices[19999] = 2;
  EXPECT_EQ(fault(matrix), "m: row 4097 has column 2, there are 2 columns");
}

TEST(Csr, FilesComeBack) {
  const TempFolder folder;
  const Csr matrix = random_csr({40, 30, 0.2}, 4);
  write_csr(folder.path(), "plays", matrix.view());
  expect_equal(read_csr(folder.path(), "plays"), matrix);
  Csr pattern = matrix;
  pattern.values.clear();
  write_csr(folder.path(), "plays", pattern.view());  // over the other: no values file may remain
  expect_equal(read_csr(folder.path(), "plays"), pattern);
}

TEST(Csr, HostileFilesAreRefused) {
  const TempFolder folder;
  const auto read = [&] { read_csr(folder.path(), "m"); };
  const std::string stem = (folder.path() / "m").string();
  EXPECT_THAT(message_of<IoError>(read), testing::HasSubstr("m.shape.npy"));
  write_csr(folder.path(), "m", small().view());
  write_npy<std::int64_t>(folder.path() / "m.shape.npy", std::vector<std::int64_t>{3, 4, 5});
  EXPECT_EQ(message_of<BadInput>(read), stem + ".shape.npy: 3 numbers; expected rows and columns");
  write_npy<std::int64_t>(folder.path() / "m.shape.npy", std::vector<std::int64_t>{INT64_MAX, 4});
  EXPECT_EQ(message_of<BadInput>(read),
            stem + ": 9223372036854775807 × 4 is not a shape of 0 to 2^31 - 1 rows and columns");
  write_csr(folder.path(), "m", small().view());
  write_npy<std::int64_t>(folder.path() / "m.offsets.npy", std::vector<std::int64_t>{0, 1'000'000'000'000, 2, 3});
  EXPECT_EQ(message_of<BadInput>(read), stem + ": offset 2 of row 2 is below the one before");
  write_csr(folder.path(), "m", small().view());
  write_npy<std::int32_t>(folder.path() / "m.indices.npy", std::vector<std::int32_t>{0, 9, 1});
  EXPECT_EQ(message_of<BadInput>(read), stem + ": row 0 has column 9, there are 4 columns");
}

}  // namespace
}  // namespace segue::data
