// The same answers on every instruction set, with any number of threads, alone or in a batch.
#include <gtest/gtest.h>
#include <hwy/highway.h>

#include <thread>

#include "segue/core/parallel.hpp"
#include "tests/search/reference.hpp"

namespace segue::search {
namespace {

struct Target {
  const char* name;
  std::int64_t bit;
};

class Machine : public testing::TestWithParam<Target> {
 protected:
  void SetUp() override {
    if ((hwy::SupportedTargets() & GetParam().bit) == 0)
      GTEST_SKIP() << "this machine has no " << GetParam().name;
    hwy::GetChosenTarget().Update(GetParam().bit);
  }
  void TearDown() override { hwy::GetChosenTarget().DeInit(); }
};

TEST_P(Machine, FindsTheSame) {
  for (const Metric metric : {Metric::inner_product, Metric::cosine, Metric::l2})
    for (const std::int64_t rank : {1, 7, 64, 130})
      for (const std::int64_t queries : {1, 3, 4, 5, 6, 7, 11, 12, 13, 25}) {
        SCOPED_TRACE(testing::Message() << "metric " << static_cast<int>(metric) << " rank " << rank << ", "
                                        << queries);
        const Matrix<float> vectors = gaussian(333, rank, 1);
        const Matrix<float> users = gaussian(queries, rank, 2);
        const auto index = make_index(Device::cpu(), vectors.view(), metric);
        reference::expect_top_k(metric, vectors, users, {.k = 10}, search(*index, users, {.k = 10}));
      }
}

INSTANTIATE_TEST_SUITE_P(Targets, Machine,
                         testing::Values(Target{"Baseline", HWY_STATIC_TARGET}, Target{"Sse4", HWY_SSE4},
                                         Target{"Avx2", HWY_AVX2}, Target{"Avx512", HWY_AVX3}),
                         [](const auto& test) { return std::string(test.param.name); });

// Both fuse multiplication and addition, and a pair's sum has one order.
TEST(SameBits, OnAvx2AndAvx512) {
  if ((hwy::SupportedTargets() & HWY_AVX3) == 0)
    GTEST_SKIP() << "this machine has no AVX-512";
  const auto index = make_index(Device::cpu(), gaussian(700, 100, 1).view(), Metric::inner_product);
  const Matrix<float> queries = gaussian(50, 100, 2);
  hwy::GetChosenTarget().Update(HWY_AVX2);
  const Matrix<Hit> avx2 = search(*index, queries, {.k = 50});
  hwy::GetChosenTarget().Update(HWY_AVX3);
  const Matrix<Hit> avx512 = search(*index, queries, {.k = 50});
  hwy::GetChosenTarget().DeInit();
  EXPECT_TRUE(same_hits(avx2, avx512));
}

class SameBitsFor : public testing::TestWithParam<Metric> {
 protected:
  void TearDown() override { set_thread_count(0); }
  std::unique_ptr<Index> index_ = make_index(Device::cpu(), gaussian(9000, 20, 1).view(), GetParam());
  Matrix<float> queries_ = gaussian(700, 20, 2);
};

TEST_P(SameBitsFor, AnyNumberOfThreads) {
  set_thread_count(1);
  const Matrix<Hit> one = search(*index_, queries_, {.k = 33});
  for (const int threads : {2, 3, 7}) {
    set_thread_count(threads);
    EXPECT_TRUE(same_hits(one, search(*index_, queries_, {.k = 33}))) << threads << " threads";
  }
}

TEST_P(SameBitsFor, OneQueryAloneAndInABatch) {
  const Matrix<Hit> batch = search(*index_, queries_, {.k = 33});
  for (const std::int64_t q : {0, 1, 350, 699}) {
    Matrix<Hit> alone(1, 33, kPoison);
    for (const int threads : {1, 2}) {
      set_thread_count(threads);
      index_->search(queries_.view().row_range(q, q + 1), alone.view(), {.k = 33});
      EXPECT_TRUE(std::ranges::equal(alone.row(0), batch.row(q))) << "query " << q << ", " << threads << " threads";
    }
  }
}

TEST_P(SameBitsFor, SearchesAtTheSameTime) {
  set_thread_count(2);
  const Matrix<Hit> want = search(*index_, queries_, {.k = 5});
  std::vector<Matrix<Hit>> found(4);
  {
    std::vector<std::jthread> callers;
    for (Matrix<Hit>& hits : found)
      callers.emplace_back([&] { hits = search(*index_, queries_, {.k = 5}); });
  }
  for (const Matrix<Hit>& hits : found)
    EXPECT_TRUE(same_hits(hits, want));
}

INSTANTIATE_TEST_SUITE_P(Metrics, SameBitsFor, testing::Values(Metric::inner_product, Metric::cosine, Metric::l2),
                         [](const auto& test) { return name_of(test.param); });

}  // namespace
}  // namespace segue::search
