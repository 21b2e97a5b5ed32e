#include "segue/search/index.hpp"

#include <gtest/gtest.h>

#include <string>
#include <tuple>

#include "segue/core/parallel.hpp"
#include "tests/search/reference.hpp"

namespace segue::search {
namespace {

class TopK : public testing::TestWithParam<std::tuple<Metric, std::int64_t>> {
 protected:
  Metric metric() const { return std::get<0>(GetParam()); }
  std::int64_t rank() const { return std::get<1>(GetParam()); }

  void expect_right(std::int64_t rows, std::int64_t queries, int k) const {
    SCOPED_TRACE(testing::Message() << rows << " rows, " << queries << " queries, k = " << k);
    const Matrix<float> vectors = gaussian(rows, rank(), 1);
    const Matrix<float> users = gaussian(queries, rank(), 2);
    const auto index = make_index(Device::cpu(), vectors.view(), metric());
    const SearchOptions options{.k = k};
    reference::expect_top_k(metric(), vectors, users, options, search(*index, users, options));
  }
};

TEST_P(TopK, MatchesBruteForceAroundPanelsAndTiles) {
  for (const std::int64_t rows : {0, 1, 15, 16, 17, 31, 32, 33, 63, 64, 65})
    for (const std::int64_t queries : {0, 1, 4, 5, 6, 7, 12, 13, 15, 29})
      expect_right(rows, queries, 10);
}

TEST_P(TopK, MatchesBruteForceForEachK) {
  for (const int k : {1, 2, 100, 2048})
    expect_right(1500, 7, k);
}

TEST_P(TopK, MatchesBruteForceWithBlocksOfQueriesAndRangesOfRows) {
  if (rank() <= 130)
    expect_right(4500, 1, 20);
  expect_right(300, 600, 5);
}

INSTANTIATE_TEST_SUITE_P(MetricsAndRanks, TopK,
                         testing::Combine(testing::Values(Metric::inner_product, Metric::cosine, Metric::l2),
                                          testing::Values<std::int64_t>(1, 7, 64, 130, 1025)),
                         [](const auto& test) {
                           return name_of(std::get<0>(test.param)) + "Rank" + std::to_string(std::get<1>(test.param));
                         });

TEST(Index, KnowsWhatItHolds) {
  const auto index = make_index(Device{}, gaussian(70, 4096, 1).view(), Metric::cosine);
  EXPECT_EQ(index->rows(), 70);
  EXPECT_EQ(index->rank(), 4096);
  EXPECT_EQ(index->metric(), Metric::cosine);
}

TEST(Index, MatchesBruteForceAtTheGreatestRank) {
  const Matrix<float> vectors = gaussian(70, 4096, 1);
  const Matrix<float> queries = gaussian(40, 4096, 2);
  for (const Metric metric : {Metric::inner_product, Metric::cosine, Metric::l2}) {
    const auto index = make_index(Device::cpu(), vectors.view(), metric);
    reference::expect_top_k(metric, vectors, queries, {.k = 9}, search(*index, queries, {.k = 9}));
  }
}

TEST(Index, ReadsRowsByTheirStride) {
  const Matrix<float> wide = gaussian(100, 24, 1);
  const MatrixView<const float> narrow(wide.data() + 3, 100, 5, 24);
  Matrix<float> dense(100, 5);
  for (std::int64_t row = 0; row < 100; ++row)
    std::ranges::copy(narrow.row(row), dense.row(row).begin());
  Matrix<Hit> hits(100, 3, kPoison);
  make_index(Device::cpu(), narrow, Metric::inner_product)->search(narrow, hits.view(), {.k = 3});
  EXPECT_TRUE(
      same_hits(hits, search(*make_index(Device::cpu(), dense.view(), Metric::inner_product), dense, {.k = 3})));
}

// Far from the origin ‖q‖² − 2q·x + ‖x‖² keeps no digit of these distances.
TEST(Index, FindsNearestRowsFarFromTheOrigin) {
  Matrix<float> vectors = gaussian(3000, 16, 1);
  Matrix<float> queries = gaussian(20, 16, 2);
  for (Matrix<float>* matrix : {&vectors, &queries})
    for (std::int64_t row = 0; row < matrix->rows(); ++row)
      for (float& x : matrix->row(row))
        x += 50'000;
  const auto index = make_index(Device::cpu(), vectors.view(), Metric::l2);
  reference::expect_top_k(Metric::l2, vectors, queries, {.k = 12}, search(*index, queries, {.k = 12}));
}

TEST(Index, FindsNearestRowsOfVeryUnequalLengths) {
  Matrix<float> vectors = gaussian(2000, 8, 1);
  for (std::int64_t row = 0; row < vectors.rows(); ++row)
    for (float& x : vectors.row(row))
      x *= static_cast<float>(std::pow(10.0, static_cast<double>(row % 41) - 20));
  const auto index = make_index(Device::cpu(), vectors.view(), Metric::l2);
  Matrix<float> queries(200, 8);
  for (std::int64_t q = 0; q < queries.rows(); ++q)
    std::ranges::transform(vectors.row(q * 7), queries.row(q).begin(), [](float x) { return x * 1.01f; });
  // Distances of great lengths overflow to −∞ in float32: there order is by row.
  const Matrix<Hit> hits = search(*index, queries, {.k = 3});
  for (std::int64_t q = 0; q < queries.rows(); ++q) {
    std::vector<std::pair<float, std::int32_t>> order;
    for (std::int32_t row = 0; row < vectors.rows(); ++row)
      order.emplace_back(-static_cast<float>(reference::score(Metric::l2, queries.row(q), vectors.row(row)).value),
                         row);
    std::partial_sort(order.begin(), order.begin() + 3, order.end());
    for (std::int64_t i = 0; i < 3; ++i)
      ASSERT_EQ(hits(q, i), (Hit{-order[static_cast<std::size_t>(i)].first, order[static_cast<std::size_t>(i)].second}))
          << "query " << q << " hit " << i;
  }
}

TEST(Index, TiesGoToTheSmallestRows) {
  const Matrix<float> one = gaussian(1, 12, 3);
  for (const Metric metric : {Metric::inner_product, Metric::cosine, Metric::l2}) {
    Matrix<float> vectors(9000, 12);
    for (std::int64_t row = 0; row < vectors.rows(); ++row)
      std::ranges::copy(one.row(0), vectors.row(row).begin());
    const auto index = make_index(Device::cpu(), vectors.view(), metric);
    for (const std::int64_t count : {1, 40}) {
      const Matrix<Hit> hits = search(*index, gaussian(count, 12, 4), {.k = 300});
      for (std::int64_t q = 0; q < count; ++q)
        for (std::int64_t i = 0; i < 300; ++i)
          ASSERT_EQ(hits(q, i).row, i) << "query " << q;
    }
  }
}

// Every score occurs 50 times, better ones later: each of a full list is displaced, and the smallest rows must win.
TEST(Index, EqualScoresKeepTheSmallestRowsWhileBetterOnesArrive) {
  Matrix<float> vectors(5000, 1);
  for (std::int64_t row = 0; row < 5000; ++row)
    vectors(row, 0) = static_cast<float>(row * 7919 % 5000 / 50);
  const auto index = make_index(Device::cpu(), vectors.view(), Metric::inner_product);
  const Matrix<Hit> hits = search(*index, Matrix<float>(1, 1, 1.0f), {.k = 75});
  std::vector<std::pair<float, std::int32_t>> order;
  for (std::int32_t row = 0; row < 5000; ++row)
    order.emplace_back(-vectors(row, 0), row);
  std::ranges::sort(order);
  for (std::int64_t i = 0; i < 75; ++i)
    EXPECT_EQ(hits(0, i).row, order[static_cast<std::size_t>(i)].second);
}

TEST(Index, NegativeAndPositiveZeroAreEqual) {
  Matrix<float> vectors(3, 1, 1.0f);
  vectors(0, 0) = -1.0f;
  const auto index = make_index(Device::cpu(), vectors.view(), Metric::inner_product);
  const Matrix<Hit> hits = search(*index, Matrix<float>(1, 1, 0.0f), {.k = 3});
  for (std::int64_t i = 0; i < 3; ++i)
    EXPECT_EQ(hits(0, i), (Hit{0.0f, static_cast<std::int32_t>(i)}));
}

}  // namespace
}  // namespace segue::search
