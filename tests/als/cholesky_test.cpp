#include "host/als/cholesky.hpp"

#include <gtest/gtest.h>

#include "segue/core/random.hpp"

namespace segue::als {
namespace {

TEST(Cholesky, GoldenFactor) {
  // numpy.linalg.cholesky([[4, 2, -2], [2, 10, 2], [-2, 2, 6]]).T, numpy 1.24.2
  Matrix<double> a(3, 3);
  const double values[] = {4, 2, -2, 2, 10, 2, -2, 2, 6};
  std::copy(std::begin(values), std::end(values), a.data());
  cholesky(a.view(), 1e-12);
  EXPECT_DOUBLE_EQ(a(0, 0), 2);
  EXPECT_DOUBLE_EQ(a(0, 1), 1);
  EXPECT_DOUBLE_EQ(a(0, 2), -1);
  EXPECT_DOUBLE_EQ(a(1, 1), 3);
  EXPECT_DOUBLE_EQ(a(1, 2), 1);
  EXPECT_DOUBLE_EQ(a(2, 2), 2);
  std::vector<double> b{-8, 24, 30};  // numpy.linalg.solve → [-0.5, 1.333…, 4.388…]; A·that = b below
  cholesky_solve(std::as_const(a).view(), b);
  EXPECT_NEAR(4 * b[0] + 2 * b[1] - 2 * b[2], -8, 1e-12);
  EXPECT_NEAR(2 * b[0] + 10 * b[1] + 2 * b[2], 24, 1e-12);
  EXPECT_NEAR(-2 * b[0] + 2 * b[1] + 6 * b[2], 30, 1e-12);
}

TEST(Cholesky, SemiDefiniteAndZeroMatricesGetAFactor) {
  Matrix<double> ones(4, 4, 1.0);
  cholesky(ones.view(), 1e-12);
  std::vector<double> b(4, 8.0);
  cholesky_solve(std::as_const(ones).view(), b);
  EXPECT_NEAR(b[0] + b[1] + b[2] + b[3], 8.0, 1e-9);
  Matrix<double> zeros(3, 3, 0.0);
  cholesky(zeros.view(), 1e-12);
  std::vector<double> nothing(3, 0.0);
  cholesky_solve(std::as_const(zeros).view(), nothing);
  EXPECT_EQ(nothing, std::vector<double>(3, 0.0));
}

}  // namespace
}  // namespace segue::als
