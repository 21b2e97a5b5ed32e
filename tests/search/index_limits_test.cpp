// What a query may not get, and inputs that are not numbers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "segue/core/error.hpp"
#include "tests/search/patterns.hpp"
#include "tests/search/reference.hpp"

namespace segue::search {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

class Limits : public testing::TestWithParam<Metric> {
 protected:
  void expect_right(const SearchOptions& options) const {
    reference::expect_top_k(GetParam(), vectors_, queries_, options, search(*index_, queries_, options));
  }

  Matrix<float> vectors_ = gaussian(2500, 9, 1);
  Matrix<float> queries_ = gaussian(31, 9, 2);
  std::unique_ptr<Index> index_ = make_index(Device::cpu(), vectors_.view(), GetParam());
};

TEST_P(Limits, ExcludesRowsByQuery) {
  for (const double share : {0.001, 0.5, 0.999, 1.0})
    expect_right({.k = 20, .exclude = random_pattern(31, 2500, share, 5).view()});
}

TEST_P(Limits, AllowsRowsByMask) {
  for (const double share : {0.0, 0.002, 0.5, 1.0})
    expect_right({.k = 20, .allow = random_mask(2500, share, 6)});
}

TEST_P(Limits, MaskAndExclusionsTogether) {
  expect_right({.k = 20, .exclude = random_pattern(31, 2500, 0.5, 5).view(), .allow = random_mask(2500, 0.1, 6)});
}

TEST_P(Limits, BitsBeyondTheLastRowAreIgnored) {
  std::vector<std::uint64_t> mask = make_mask(2500);
  mask.back() = ~std::uint64_t{0};
  expect_right({.k = 100, .allow = mask});
}

INSTANTIATE_TEST_SUITE_P(Metrics, Limits, testing::Values(Metric::inner_product, Metric::cosine, Metric::l2),
                         [](const auto& test) { return name_of(test.param); });

Matrix<float> column(std::initializer_list<float> values) {
  Matrix<float> matrix(static_cast<std::int64_t>(values.size()), 1);
  std::ranges::copy(values, matrix.data());
  return matrix;
}

TEST(NotNumbers, NaNScoresNeverEnterAndInfinitiesAreOrdered) {
  const Matrix<float> vectors = column({kNaN, -kInfinity, 2, kInfinity, 0, -kInfinity, -3});
  const auto index = make_index(Device::cpu(), vectors.view(), Metric::inner_product);
  const Matrix<Hit> hits = search(*index, column({1, kNaN, kInfinity, 0}), {.k = 7});
  const auto rows_of = [&](std::int64_t query) {
    std::vector<std::int32_t> rows;
    for (const Hit& hit : hits.row(query))
      rows.push_back(hit.row);
    return rows;
  };
  EXPECT_THAT(rows_of(0), testing::ElementsAre(3, 2, 4, 6, 1, 5, -1));
  EXPECT_EQ(hits(0, 0).score, kInfinity);
  EXPECT_EQ(hits(0, 4), (Hit{-kInfinity, 1}));
  EXPECT_THAT(rows_of(1), testing::Each(-1));
  EXPECT_THAT(rows_of(2), testing::ElementsAre(2, 3, 1, 5, 6, -1, -1));  // ∞·0 is NaN
  EXPECT_THAT(rows_of(3), testing::ElementsAre(2, 4, 6, -1, -1, -1, -1));
}

TEST(NotNumbers, InfiniteDistancesComeLastAndNaNNever) {
  const Matrix<float> vectors = column({kInfinity, 3e38f, 1, kNaN, -3e38f});
  const auto index = make_index(Device::cpu(), vectors.view(), Metric::l2);
  const Matrix<Hit> hits = search(*index, column({0, 3e38f, kInfinity}), {.k = 5});
  EXPECT_EQ(hits(0, 0), (Hit{-1, 2}));
  EXPECT_EQ(hits(0, 1), (Hit{-kInfinity, 0}));
  EXPECT_EQ(hits(0, 3), (Hit{-kInfinity, 4}));
  EXPECT_EQ(hits(0, 4), Hit::none());
  EXPECT_EQ(hits(1, 0), (Hit{0, 1}));
  EXPECT_EQ(hits(2, 0), (Hit{-kInfinity, 1}));
  EXPECT_EQ(hits(2, 3), Hit::none());
}

TEST(NotNumbers, ManyNaNRowsDoNotHideTheOthers) {
  Matrix<float> vectors = gaussian(3000, 6, 1);
  for (std::int64_t row = 0; row < 3000; ++row)
    if (row % 3 != 0)
      vectors(row, row % 6) = kNaN;
  for (const Metric metric : {Metric::inner_product, Metric::cosine, Metric::l2}) {
    const auto index = make_index(Device::cpu(), vectors.view(), metric);
    const Matrix<Hit> hits = search(*index, gaussian(9, 6, 2), {.k = 1001});
    for (std::int64_t q = 0; q < 9; ++q) {
      for (std::int64_t i = 0; i < 1000; ++i)
        ASSERT_TRUE(hits(q, i).row % 3 == 0 && std::isfinite(hits(q, i).score));
      ASSERT_EQ(hits(q, 1000), Hit::none());
    }
  }
}

TEST(NotNumbers, ZeroVectorsHaveCosineZero) {
  Matrix<float> vectors = gaussian(40, 5, 1);
  std::ranges::fill(vectors.row(7), 0.0f);
  const auto index = make_index(Device::cpu(), vectors.view(), Metric::cosine);
  const Matrix<Hit> hits = search(*index, gaussian(1, 5, 2), {.k = 40});
  const auto zero = std::ranges::find(hits.row(0), 7, &Hit::row);
  ASSERT_NE(zero, hits.row(0).end());
  EXPECT_EQ(zero->score, 0.0f);
  const Matrix<Hit> of_zero = search(*index, Matrix<float>(1, 5, 0.0f), {.k = 2});
  EXPECT_EQ(of_zero(0, 0), (Hit{0, 0}));
  EXPECT_EQ(of_zero(0, 1), (Hit{0, 1}));
}

TEST(NotNumbers, CosineOfTinyAndGreatVectors) {
  Matrix<float> vectors(2, 2, 1e-42f);
  vectors(1, 0) = 3e38f;
  vectors(1, 1) = -3e38f;
  const auto index = make_index(Device::cpu(), vectors.view(), Metric::cosine);
  Matrix<float> query(1, 2, 2e38f);
  const Matrix<Hit> hits = search(*index, query, {.k = 2});
  EXPECT_NEAR(hits(0, 0).score, 1.0, 1e-6);
  EXPECT_NEAR(hits(0, 1).score, 0.0, 1e-6);
}

template <class Exception, class Function>
std::string message_of(Function&& function) {
  try {
    function();
  } catch (const Exception& error) {
    return error.what();
  }
  return "no exception";
}

TEST(Refusals, NameBothNumbersAndLeaveHitsAlone) {
  const auto index = make_index(Device::cpu(), gaussian(70, 4, 1).view(), Metric::inner_product);
  const auto refused = [&](std::int64_t queries, std::int64_t rank, std::int64_t rows, const SearchOptions& options) {
    const Matrix<float> users = gaussian(queries, rank, 2);
    Matrix<Hit> hits(rows, options.k > 0 ? options.k : 1, Hit{1.5f, 3});
    const std::string message = message_of<InvalidArgument>([&] { index->search(users.view(), hits.view(), options); });
    for (std::int64_t row = 0; row < rows; ++row)
      EXPECT_EQ(hits(row, 0), (Hit{1.5f, 3}));
    return message;
  };
  EXPECT_EQ(refused(3, 5, 3, {.k = 2}), "search: the queries have rank 5, the index has rank 4");
  EXPECT_EQ(refused(3, 4, 2, {.k = 2}), "search: hits is 2 × 2; 3 queries with k = 2 need 3 × 2");
  EXPECT_EQ(refused(3, 4, 3, {.k = 0}), "search: k = 0 is not in 1–2048");
  EXPECT_EQ(refused(3, 4, 3, {.k = 2049}), "search: k = 2049 is not in 1–2048");
  const std::vector<std::uint64_t> mask = make_mask(64);
  EXPECT_EQ(refused(3, 4, 3, {.k = 2, .allow = mask}),
            "search: allow has 1 words of 64 rows; an index of 70 rows needs 2");
  const data::Csr pattern = random_pattern(2, 70, 0.1, 1);
  EXPECT_EQ(refused(3, 4, 3, {.k = 2, .exclude = pattern.view()}),
            "search: exclude is 2 × 70; 3 queries of an index of 70 rows need 3 × 70");
  const data::Csr narrow = random_pattern(3, 69, 0.1, 1);
  EXPECT_EQ(refused(3, 4, 3, {.k = 2, .exclude = narrow.view()}),
            "search: exclude is 3 × 69; 3 queries of an index of 70 rows need 3 × 70");
}

TEST(Refusals, RankAndDevice) {
  const auto of_rank = [](std::int64_t rank) {
    return message_of<InvalidArgument>(
        [&] { make_index(Device::cpu(), Matrix<float>(2, rank, 0.0f).view(), Metric::l2); });
  };
  EXPECT_EQ(of_rank(0), "search index: rank 0 is not in 1–4096");
  EXPECT_EQ(of_rank(4097), "search index: rank 4097 is not in 1–4096");
  EXPECT_THAT(message_of<DeviceUnavailable>([] {
                make_index(Device{Device::Kind::cuda, 99}, Matrix<float>(2, 2, 0.0f).view(), Metric::l2);
              }),
              testing::MatchesRegex("device cuda:99: .*; use --device cpu"));
}

}  // namespace
}  // namespace segue::search
