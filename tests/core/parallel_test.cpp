#include "segue/core/parallel.hpp"

#include <gtest/gtest.h>

#include <atomic>

#include "segue/core/error.hpp"

namespace segue {
namespace {

class Parallel : public testing::TestWithParam<int> {
 protected:
  void SetUp() override { set_thread_count(GetParam()); }
  void TearDown() override { set_thread_count(0); }
};

TEST_P(Parallel, VisitsEveryElementOnce) {
  for (const std::int64_t count : {0, 1, 7, 64, 1000}) {
    std::vector<std::atomic<int>> visits(static_cast<std::size_t>(count));
    parallel_for(count, 7, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i)
        ++visits[static_cast<std::size_t>(i)];
    });
    for (const auto& visit : visits)
      EXPECT_EQ(visit, 1);
  }
}

TEST_P(Parallel, RethrowsFromAnyThread) {
  EXPECT_THROW(parallel_tasks(100,
                              [](std::int64_t i) {
                                if (i == 57)
                                  throw BadInput("57");
                              }),
               BadInput);
}

TEST_P(Parallel, GivesEachThreadItsOwnScratch) {
  PerThread<std::int64_t> sums;
  std::atomic<int> out_of_range = 0;
  parallel_tasks(10000, [&](std::int64_t i) {
    if (thread_index() < 0 || thread_index() >= thread_count())
      ++out_of_range;
    sums.local() += i;
  });
  EXPECT_EQ(out_of_range, 0);
}

INSTANTIATE_TEST_SUITE_P(Threads, Parallel, testing::Values(1, 2, 5));

TEST(ParallelSum, HasTheSameBitsOnAnyNumberOfThreads) {
  const auto harmonic = [] {
    return parallel_sum(100000, 1000, [](std::int64_t begin, std::int64_t end) {
      double sum = 0;
      for (std::int64_t i = begin; i < end; ++i)
        sum += 1.0 / static_cast<double>(i + 1);
      return sum;
    });
  };
  set_thread_count(1);
  const double one = harmonic();
  set_thread_count(3);
  EXPECT_EQ(one, harmonic());
  set_thread_count(0);
  EXPECT_NEAR(one, 12.090146129863428, 1e-9);  // H(100000) = ln n + γ + 1/2n − 1/12n²
}

TEST(SetThreadCount, RefusesNonsense) {
  EXPECT_THROW(set_thread_count(-1), InvalidArgument);
  EXPECT_THROW(set_thread_count(5000), InvalidArgument);
}

}  // namespace
}  // namespace segue
