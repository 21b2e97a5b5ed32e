#include "segue/core/random.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace segue {
namespace {

TEST(Random, IsFixedBySeedAndStream) {
  Random a(7, 3), b(7, 3), other_stream(7, 4), other_seed(8, 3);
  int same_stream = 0, same_seed = 0;
  for (int i = 0; i < 100; ++i) {
    const auto value = a();
    EXPECT_EQ(value, b());
    same_stream += value == other_stream();
    same_seed += value == other_seed();
  }
  EXPECT_EQ(same_stream + same_seed, 0);
}

// Bounds are 5 standard errors of the sample mean and variance.
TEST(Random, HasTheMomentsOfItsDistributions) {
  constexpr int kDraws = 200000;
  Random random(1);
  double uniform = 0, normal = 0, square = 0, exponential = 0;
  for (int i = 0; i < kDraws; ++i) {
    uniform += random.uniform();
    const double x = random.normal();
    normal += x;
    square += x * x;
    exponential += random.exponential();
  }
  EXPECT_NEAR(uniform / kDraws, 0.5, 5 * 0.2887 / 447);
  EXPECT_NEAR(normal / kDraws, 0, 5 * 1.0 / 447);
  EXPECT_NEAR(square / kDraws, 1, 5 * 1.4142 / 447);
  EXPECT_NEAR(exponential / kDraws, 1, 5 * 1.0 / 447);
}

TEST(Random, CoversABoundEvenly) {
  std::vector<int> counts(7);
  Random random(2);
  for (int i = 0; i < 70000; ++i)
    ++counts[random.below(7)];
  for (const int count : counts)
    EXPECT_NEAR(count, 10000, 5 * 93);
}

}  // namespace
}  // namespace segue
