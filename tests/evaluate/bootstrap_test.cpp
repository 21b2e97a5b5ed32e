#include "segue/evaluate/bootstrap.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <utility>

#include "segue/core/error.hpp"
#include "segue/core/parallel.hpp"
#include "segue/core/random.hpp"

namespace segue::evaluate {
namespace {

using ::testing::HasSubstr;

Matrix<double> normal_values(std::int64_t users, std::int64_t columns, std::uint64_t seed) {
  Matrix<double> values(users, columns);
  Random random(seed);
  for (std::int64_t user = 0; user < users; ++user)
    for (double& x : values.row(user))
      x = 3 + 2 * random.normal();
  return values;
}

template <class Function>
std::string message_of(Function function) {
  try {
    function();
  } catch (const InvalidArgument& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(Bootstrap, IntervalIsThatOfTheNormalDistributionForManyUsers) {
  const Matrix<double> values = normal_values(4000, 2, 1);
  for (const auto& [confidence, z] : {std::pair{0.95, 1.959964}, std::pair{0.8, 1.281552}}) {
    const std::vector<Interval> intervals =
        bootstrap_means(values.view(), {.resamples = 4000, .confidence = confidence});
    ASSERT_EQ(intervals.size(), 2u);
    for (std::int64_t m = 0; m < 2; ++m) {
      double mean = 0, square = 0;
      for (std::int64_t user = 0; user < 4000; ++user)
        mean += values(user, m) / 4000;
      for (std::int64_t user = 0; user < 4000; ++user)
        square += (values(user, m) - mean) * (values(user, m) - mean) / 4000;
      const double half = z * std::sqrt(square / 4000);
      const Interval& interval = intervals[static_cast<std::size_t>(m)];
      EXPECT_NEAR(interval.mean, mean, 1e-12);
      // The error of a quantile of 4,000 resamples is about 4% of the half width.
      EXPECT_NEAR(interval.low, mean - half, 0.1 * half);
      EXPECT_NEAR(interval.high, mean + half, 0.1 * half);
    }
  }
}

TEST(Bootstrap, OneUserOrEqualUsersHaveNoSpread) {
  const Matrix<double> one(1, 1, 0.25), equal(40, 1, 0.5);
  const Interval of_one = bootstrap_means(one.view(), {})[0];
  EXPECT_EQ(of_one.low, 0.25);
  EXPECT_EQ(of_one.high, 0.25);
  const Interval of_equal = bootstrap_means(equal.view(), {})[0];
  EXPECT_EQ(of_equal.mean, 0.5);
  EXPECT_EQ(of_equal.low, of_equal.high);
}

TEST(Bootstrap, DependsOnTheSeedAndNotOnThreads) {
  const Matrix<double> values = normal_values(100, 3, 1);
  const auto run = [&](int threads, std::uint64_t seed) {
    set_thread_count(threads);
    const Interval interval = bootstrap_means(values.view(), {.resamples = 300, .seed = seed})[2];
    set_thread_count(0);
    return std::pair{interval.low, interval.high};
  };
  EXPECT_EQ(run(1, 5), run(3, 5));
  EXPECT_NE(run(1, 5), run(1, 6));
}

TEST(PairedDifferences, PIsThatOfAllSignFlips) {
  const double a[] = {0.9, 0.1, 0.4, 0.8, 0.7, 0.2, 0.6, 0.5}, b[] = {0.3, 0.2, 0.1, 0.5, 0.75, 0.1, 0.2, 0.4};
  double observed = 0;
  for (int i = 0; i < 8; ++i)
    observed += a[i] - b[i];
  int extreme = 0;
  for (int signs = 0; signs < 256; ++signs) {
    double sum = 0;
    for (int i = 0; i < 8; ++i)
      sum += (signs >> i & 1) != 0 ? a[i] - b[i] : b[i] - a[i];
    extreme += std::abs(sum) >= std::abs(observed) - 1e-9;
  }
  const auto result = paired_differences({a, 8, 1}, {b, 8, 1}, {.resamples = 40000});
  EXPECT_NEAR(result[0].difference.mean, observed / 8, 1e-12);
  EXPECT_NEAR(result[0].p, extreme / 256.0, 0.005);  // deviation 0.001
  EXPECT_LT(result[0].difference.low, observed / 8);
  EXPECT_GT(result[0].difference.high, observed / 8);
}

TEST(PairedDifferences, TheSameModelDoesNotDifferAndABetterOneDoes) {
  const Matrix<double> a = normal_values(500, 1, 1);
  Matrix<double> better = a;
  for (std::int64_t user = 0; user < 500; ++user)
    better(user, 0) += 0.1;
  const auto same = paired_differences(a.view(), a.view(), {});
  EXPECT_EQ(same[0].p, 1);
  EXPECT_EQ(same[0].difference.low, 0);
  EXPECT_EQ(same[0].difference.high, 0);
  const auto differ = paired_differences(std::as_const(better).view(), a.view(), {.resamples = 999});
  EXPECT_DOUBLE_EQ(differ[0].p, 1.0 / 1000);
  EXPECT_NEAR(differ[0].difference.low, 0.1, 1e-9);  // paired: what users have in common does not count
}

TEST(PairedDifferences, PIsUniformWhereModelsDoNotDiffer) {
  int low = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed)
    low += paired_differences(normal_values(30, 1, 2 * seed).view(), normal_values(30, 1, 2 * seed + 1).view(),
                              {.resamples = 200})[0]
               .p <= 0.2;
  EXPECT_NEAR(low, 40, 18);  // deviation 5.7
}

TEST(Bootstrap, RefusesWhatHasNoMean) {
  Matrix<double> values(3, 2, 1.0);
  values(1, 1) = std::numeric_limits<double>::quiet_NaN();
  const MatrixView<const double> view = std::as_const(values).view();
  EXPECT_THAT(message_of([&] { bootstrap_means(view, {}); }), HasSubstr("column 1 of user 1 is nan"));
  EXPECT_THAT(message_of([&] { bootstrap_means(Matrix<double>(0, 2).view(), {}); }), HasSubstr("0 users"));
  EXPECT_THAT(message_of([&] { bootstrap_means(view, {.resamples = 0}); }), HasSubstr("0 resamples"));
  EXPECT_THAT(message_of([&] { bootstrap_means(view, {.confidence = 1}); }), HasSubstr("confidence is 1"));
  EXPECT_THAT(message_of([&] { paired_differences(view, view.row_range(0, 2), {}); }), HasSubstr("3 × 2 values and 2"));
}

}  // namespace
}  // namespace segue::evaluate
