// Passes over chosen rows for chosen queries, as exact and inverted-file search put them together.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "cuda/search/query_batch.hpp"
#include "segue/core/random.hpp"
#include "tests/core/kernel_test.hpp"
#include "tests/search/patterns.hpp"
#include "tests/search/reference.hpp"

namespace segue::cuda::search {
namespace {

using segue::search::gaussian;
using segue::search::kPoison;

std::vector<std::int32_t> numbers(std::int64_t count) {
  std::vector<std::int32_t> numbers(static_cast<std::size_t>(count));
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

class QueryBatchTest : public KernelTest {
 protected:
  static Matrix<Hit> exact(const Matrix<float>& vectors, Metric metric, const Matrix<float>& queries, int k) {
    return segue::search::search(*make_index(Device::cpu(), vectors.view(), metric), queries, {.k = k});
  }
  static Matrix<Hit> finished(QueryBatch& batch, int k) {
    Matrix<Hit> hits(batch.size(), k, kPoison);
    batch.finish(hits.view());
    return hits;
  }
};

// Items of many tiles, that begin and end anywhere, of 1 … 256 slots in any order: together each slot meets each row.
TEST_F(QueryBatchTest, ItemsOfAnyShape) {
  const Matrix<float> vectors = gaussian(700, 40, 1), queries = gaussian(300, 40, 2);
  const StoredRows rows(context(), vectors.view(), Metric::inner_product, StoredRows::Form::raw);
  std::vector<std::int32_t> slots = numbers(300);
  Random random(3);
  for (std::size_t i = slots.size(); i > 1; --i)
    std::swap(slots[i - 1], slots[random.below(static_cast<std::uint32_t>(i))]);
  std::vector<ScanItem> items;
  for (const auto& [first, count] : {std::pair{0, 256}, {256, 1}, {257, 33}, {290, 10}})
    for (const auto& [begin, end] : {std::pair{0, 5}, {5, 128}, {128, 130}, {130, 700}})
      items.push_back({first, count, begin, end});
  QueryBatch batch(context(), rows, queries.view(), {.k = 15});
  EXPECT_TRUE(batch.pass(items, slots, numbers(300)).empty());
  EXPECT_TRUE(same_hits(finished(batch, 15), exact(vectors, Metric::inner_product, queries, 15)));
}

TEST_F(QueryBatchTest, RowsGoByTheirIds) {
  const Matrix<float> vectors = gaussian(900, 7, 1), queries = gaussian(5, 7, 2);
  std::vector<std::int32_t> ids = numbers(900);
  std::ranges::reverse(ids);
  Matrix<float> reversed(900, 7);
  for (std::int64_t row = 0; row < 900; ++row)
    std::ranges::copy(vectors.row(899 - row), reversed.row(row).begin());
  const data::Csr exclude = segue::search::random_pattern(5, 900, 0.4, 3);
  const std::vector<std::uint64_t> allow = segue::search::random_mask(900, 0.4, 4);
  const DeviceBuffer<std::uint64_t> device_allow = to_device(allow);
  for (const Metric metric : {Metric::inner_product, Metric::l2}) {
    const StoredRows rows(context(), reversed.view(), metric, StoredRows::Form::raw, ids);
    QueryBatch batch(context(), rows, queries.view(),
                     {.k = 20, .exclude = exclude.view(), .device_allow = device_allow.data()});
    for (const auto& [begin, end] : {std::pair{0, 300}, {300, 900}}) {
      const std::vector<ScanItem> items{{0, 5, begin, end}};
      EXPECT_TRUE(batch.pass(items, numbers(5), numbers(5)).empty());
    }
    const auto cpu = make_index(Device::cpu(), vectors.view(), metric);
    EXPECT_TRUE(same_hits(finished(batch, 20),
                          segue::search::search(*cpu, queries, {.k = 20, .exclude = exclude.view(), .allow = allow})));
  }
}

// Rows that equal the k-th best must still be met where their ids do not ascend; zero queries know their scores
// exactly.
TEST_F(QueryBatchTest, EqualScoresInAnyOrderGoToTheSmallestIds) {
  const Matrix<float> vectors(1000, 3, 1.0f);
  Matrix<float> queries(2, 3, 2.0f);
  std::ranges::fill(queries.row(1), 0.0f);
  const StoredRows rows(context(), vectors.view(), Metric::inner_product, StoredRows::Form::raw);
  QueryBatch batch(context(), rows, queries.view(), {.k = 10});
  for (const auto& [begin, end] : {std::pair{500, 1000}, {0, 500}}) {
    const std::vector<ScanItem> items{{0, 2, begin, end}};
    EXPECT_TRUE(batch.pass(items, numbers(2), numbers(2)).empty());
  }
  const Matrix<Hit> hits = finished(batch, 10);
  for (std::int32_t i = 0; i < 10; ++i) {
    EXPECT_EQ(hits(0, i), (Hit{6.0f, i}));
    EXPECT_EQ(hits(1, i), (Hit{0.0f, i}));
  }
}

// What makes search fast: of ten times as many rows as fit, those that cannot be hits are passed over.
TEST_F(QueryBatchTest, FewRowsPassTheThreshold) {
  const std::int64_t capacity = QueryBatch::capacity(1);
  const Matrix<float> vectors = gaussian(11 * capacity, 32, 1), queries = gaussian(40, 32, 2);
  for (const Metric metric : {Metric::inner_product, Metric::cosine, Metric::l2}) {
    const StoredRows rows(context(), vectors.view(), metric, StoredRows::Form::raw);
    QueryBatch batch(context(), rows, queries.view(), {.k = 1});
    const std::vector<ScanItem> first{{0, 32, 0, capacity}, {32, 8, 0, capacity}};
    EXPECT_TRUE(batch.pass(first, numbers(40), numbers(40)).empty());
    const std::vector<ScanItem> rest{{0, 40, capacity, 11 * capacity}};
    EXPECT_TRUE(batch.pass(rest, numbers(40), numbers(40)).empty());
    EXPECT_TRUE(same_hits(finished(batch, 1), exact(vectors, metric, queries, 1)));
  }
}

TEST_F(QueryBatchTest, NamesTheSlotsWhoseRowsDoNotFit) {
  const std::int64_t capacity = QueryBatch::capacity(1);
  Matrix<float> vectors(4 * capacity, 1);
  for (std::int64_t row = 0; row < vectors.rows(); ++row)
    vectors(row, 0) = static_cast<float>(row);
  Matrix<float> queries(3, 1, 1.0f);
  queries(1, 0) = -1;  // its best row is the first
  const StoredRows rows(context(), vectors.view(), Metric::inner_product, StoredRows::Form::raw);
  QueryBatch batch(context(), rows, queries.view(), {.k = 1, .order = QueryBatch::Order::ascending});
  const auto pass = [&](std::int64_t begin, std::int64_t end, const std::vector<std::int32_t>& slots) {
    const std::vector<ScanItem> items{{0, static_cast<std::int32_t>(slots.size()), begin, end}};
    return batch.pass(items, slots, slots);
  };
  EXPECT_TRUE(pass(0, capacity, {0, 1, 2}).empty());
  EXPECT_EQ(pass(capacity, 4 * capacity, {2, 1, 0}), (std::vector<std::int32_t>{2, 0}));
  EXPECT_EQ(finished(batch, 1)(0, 0).row, capacity - 1) << "a pass that missed rows left something behind";
  for (std::int64_t begin = capacity; begin < 4 * capacity; begin += capacity)
    EXPECT_TRUE(pass(begin, begin + capacity, {0, 2}).empty());
  EXPECT_TRUE(same_hits(finished(batch, 1), exact(vectors, Metric::inner_product, queries, 1)));
}

// A row that is better than the best so far by less than its 16-bit copy, the query's or both are off.
TEST_F(QueryBatchTest, TellsNeighboursApart) {
  constexpr std::int64_t kPairs = 30;
  const auto near_one = [](std::int64_t rank, std::uint64_t seed) {
    Matrix<float> matrix(kPairs, rank);
    for (std::int64_t row = 0; row < kPairs; ++row) {
      Random random(seed, static_cast<std::uint64_t>(row));
      for (float& x : matrix.row(row))
        x = static_cast<float>(1 + 0.1 * random.uniform());  // where 16 bits are off by up to 2⁻¹¹
    }
    return matrix;
  };
  for (const std::int64_t rank : {1, 40})
    for (const auto& [of_rows, of_queries] : {std::pair{true, false}, {false, true}, {true, true}})
      for (const Metric metric : {Metric::inner_product, Metric::l2}) {
        const Matrix<float> better = of_rows ? near_one(rank, 1) : Matrix<float>(kPairs, rank, 1.0f);
        Matrix<float> queries = of_queries ? near_one(rank, 2) : Matrix<float>(kPairs, rank, 1.0f);
        Matrix<float> vectors(2 * kPairs, rank);
        std::vector<ScanItem> first, second;
        for (std::int32_t pair = 0; pair < kPairs; ++pair) {
          std::ranges::copy(better.row(pair), vectors.row(kPairs + pair).begin());
          std::ranges::transform(better.row(pair), vectors.row(pair).begin(),
                                 [](float x) { return x * (1 - 0x1p-20f); });
          if (metric == Metric::l2)  // far enough for the longer of the two to be nearer
            std::ranges::transform(queries.row(pair), queries.row(pair).begin(), [](float x) { return 3 * x; });
          first.push_back({pair, 1, pair, pair + 1});
          second.push_back({pair, 1, kPairs + pair, kPairs + pair + 1});
        }
        const StoredRows rows(context(), vectors.view(), metric, StoredRows::Form::raw);
        QueryBatch batch(context(), rows, queries.view(), {.k = 1});
        EXPECT_TRUE(batch.pass(first, numbers(kPairs), numbers(kPairs)).empty());
        EXPECT_TRUE(batch.pass(second, numbers(kPairs), numbers(kPairs)).empty());
        const Matrix<Hit> hits = finished(batch, 1);
        for (std::int64_t pair = 0; pair < kPairs; ++pair)
          EXPECT_EQ(hits(pair, 0).row, kPairs + pair) << "rank " << rank << ", " << of_rows << of_queries;
      }
}

// 40 products of 0.6 of the smallest number: each sum rounds up, to 40 in all, where the products come to 24.
TEST_F(QueryBatchTest, ProductsThatUnderflow) {
  Matrix<float> vectors(2, 40, 0.6f * 0x1p-74f);
  std::ranges::fill(vectors.row(0), 0.0f);
  vectors(0, 0) = 39 * 0x1p-74f;
  const Matrix<float> queries(1, 40, 0x1p-75f);
  const StoredRows rows(context(), vectors.view(), Metric::inner_product, StoredRows::Form::raw);
  QueryBatch batch(context(), rows, queries.view(), {.k = 1});
  for (const std::int64_t row : {0, 1}) {
    const std::vector<ScanItem> items{{0, 1, row, row + 1}};
    EXPECT_TRUE(batch.pass(items, numbers(1), numbers(1)).empty());
  }
  EXPECT_EQ(finished(batch, 1)(0, 0), (Hit{40 * 0x1p-149f, 1}));
}

}  // namespace
}  // namespace segue::cuda::search
