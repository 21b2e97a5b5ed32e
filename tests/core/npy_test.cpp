#include "segue/core/npy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "segue/core/error.hpp"
#include "segue/core/file.hpp"
#include "tests/core/temporary_directory.hpp"

namespace segue {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

const std::filesystem::path kData = std::filesystem::path(SEGUE_TEST_DATA) / "npy";  // written by NumPy

TEST(Npy, ReadsWhatNumPyWrites) {
  const Matrix<float> matrix = read_npy_matrix(kData / "matrix_f4.npy");
  ASSERT_EQ(matrix.rows(), 2);
  EXPECT_THAT(matrix.row(0), ElementsAre(1.5f, -2.f, 3.f));
  EXPECT_THAT(matrix.row(1), ElementsAre(0.25f, std::numeric_limits<float>::infinity(), -7.f));
  EXPECT_THAT(read_npy_vector<std::int64_t>(kData / "vector_i8.npy"), ElementsAre(1, -2, std::int64_t{1} << 40));
}

TEST(Npy, WritesTheBytesThatNumPyWrites) {
  const TemporaryDirectory folder;
  write_npy(folder / "m.npy", read_npy_matrix(kData / "matrix_f4.npy").view());
  EXPECT_EQ(read_file(folder / "m.npy"), read_file(kData / "matrix_f4.npy"));
  const std::vector<std::int64_t> values{1, -2, std::int64_t{1} << 40};
  write_npy(folder / "v.npy", std::span<const std::int64_t>(values));
  EXPECT_EQ(read_file(folder / "v.npy"), read_file(kData / "vector_i8.npy"));
}

TEST(Npy, KeepsEmptyShapes) {
  const TemporaryDirectory folder;
  write_npy(folder / "m.npy", Matrix<float>(0, 5).view());
  EXPECT_EQ(read_npy_matrix(folder / "m.npy").columns(), 5);
  write_npy(folder / "v.npy", std::span<const float>{});
  EXPECT_TRUE(read_npy_vector<float>(folder / "v.npy").empty());
}

TEST(Npy, RefusesOtherLayouts) {
  EXPECT_THAT([] { read_npy_matrix(kData / "fortran_f4.npy"); }, ThrowsMessage<BadInput>(HasSubstr("Fortran order")));
  EXPECT_THAT([] { read_npy_matrix(kData / "complex.npy"); }, ThrowsMessage<BadInput>(HasSubstr("<c16")));
  EXPECT_THAT([] { read_npy_matrix(kData / "vector_i8.npy"); },
              ThrowsMessage<BadInput>(HasSubstr("<i8 in 1 dimension(s), <f4 in 2 expected")));
}

TEST(Npy, RefusesEveryTruncation) {
  const std::string whole = read_file(kData / "matrix_f4.npy");
  for (std::size_t length = 0; length < whole.size(); ++length)
    EXPECT_THROW(parse_npy_header(whole.substr(0, length), "cut.npy"), BadInput) << length;
  EXPECT_EQ(parse_npy_header(whole, "whole.npy").data_offset, whole.size() - 24);
}

TEST(Npy, RefusesAShapeThatOverflows) {
  std::string file = read_file(kData / "matrix_f4.npy");
  const std::size_t at = file.find("(2, 3)");
  file.replace(at, 30, "(4611686018427387904, 9999999)");
  EXPECT_THROW(parse_npy_header(file, "huge.npy"), BadInput);
}

}  // namespace
}  // namespace segue
