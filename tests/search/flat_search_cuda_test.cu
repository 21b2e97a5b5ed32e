// Exact search on the GPU: the CPU's bits, and the definitions of index.hpp in double.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <thread>

#include "cuda/core/kernel.hpp"
#include "cuda/search/flat_search.hpp"
#include "tests/core/kernel_test.hpp"
#include "tests/search/patterns.hpp"
#include "tests/search/reference.hpp"

namespace segue::cuda {
namespace {

using namespace segue::search;

constexpr Metric kMetrics[] = {Metric::inner_product, Metric::cosine, Metric::l2};
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

Matrix<float> scaled(Matrix<float> matrix, float scale) {
  for (std::int64_t row = 0; row < matrix.rows(); ++row)
    for (float& x : matrix.row(row))
      x *= scale;
  return matrix;
}

class FlatSearchTest : public KernelTest {
 protected:
  static Matrix<Hit> found(const Matrix<float>& vectors, Metric metric, const Matrix<float>& queries,
                           const SearchOptions& options) {
    const auto engine = make_flat_search(0, vectors.view(), metric, /*unit_length=*/false);
    Matrix<Hit> hits(queries.rows(), options.k, kPoison);
    engine->search(queries.view(), hits.view(), options);
    return hits;
  }

  static testing::AssertionResult same(const Matrix<Hit>& got, const Matrix<Hit>& want) {
    for (std::int64_t q = 0; q < want.rows(); ++q)
      for (std::int64_t i = 0; i < want.columns(); ++i)
        if (!(got(q, i) == want(q, i)))
          return testing::AssertionFailure()
                 << "query " << q << " hit " << i << ": row " << got(q, i).row << " of " << got(q, i).score << ", not "
                 << want(q, i).row << " of " << want(q, i).score;
    return testing::AssertionSuccess();
  }

  /// As the CPU, to the bit.
  static void expect_as_cpu(const Matrix<float>& vectors, Metric metric, const Matrix<float>& queries,
                            const SearchOptions& options) {
    SCOPED_TRACE(testing::Message() << name_of(metric) << ", " << vectors.rows() << " rows, " << queries.rows()
                                    << " queries of rank " << queries.columns() << ", k = " << options.k);
    const auto cpu = make_index(Device::cpu(), vectors.view(), metric);
    EXPECT_TRUE(same(found(vectors, metric, queries, options), search::search(*cpu, queries, options)));
  }
};

TEST_F(FlatSearchTest, MatchesDefinitionsInDouble) {
  for (const Metric metric : kMetrics)
    for (const std::int64_t rank : {1, 40}) {
      const Matrix<float> vectors = gaussian(400, rank, 1), queries = gaussian(9, rank, 2);
      reference::expect_top_k(metric, vectors, queries, {.k = 10}, found(vectors, metric, queries, {.k = 10}));
    }
}

TEST_F(FlatSearchTest, SameBitsAsCpuAroundTiles) {
  for (const Metric metric : kMetrics)
    for (const std::int64_t rows : {0, 1, 127, 128, 129, 257})
      for (const std::int64_t queries : {0, 1, 32, 33})
        expect_as_cpu(gaussian(rows, 20, 1), metric, gaussian(queries, 20, 2), {.k = 5});
}

TEST_F(FlatSearchTest, SameBitsAsCpuWithWideTilesOfQueries) {
  for (const std::int64_t queries : {65, 256, 257})
    expect_as_cpu(gaussian(200, 17, 1), Metric::inner_product, gaussian(queries, 17, 2), {.k = 3});
}

TEST_F(FlatSearchTest, SameBitsAsCpuForEachRank) {
  for (const Metric metric : kMetrics)
    for (const std::int64_t rank : {1, 31, 32, 33, 96, 97, 130})
      expect_as_cpu(gaussian(300, rank, 1), metric, gaussian(6, rank, 2), {.k = 7});
}

// More slabs than shared memory holds of the queries.
TEST_F(FlatSearchTest, SameBitsAsCpuAtGreatRanks) {
  expect_as_cpu(gaussian(150, 4096, 1), Metric::cosine, gaussian(3, 4096, 2), {.k = 4});
  expect_as_cpu(gaussian(140, 500, 1), Metric::l2, gaussian(70, 500, 2), {.k = 4});
}

TEST_F(FlatSearchTest, SameBitsAsCpuForEachK) {
  for (const int k : {1, 2, 100, 1023, 2048})
    expect_as_cpu(gaussian(2500, 8, 1), Metric::inner_product, gaussian(3, 8, 2), {.k = k});
}

// Several passes, each of which raises the thresholds.
TEST_F(FlatSearchTest, SameBitsAsCpuOverManyRows) {
  for (const Metric metric : kMetrics)
    expect_as_cpu(gaussian(12'000, 16, 1), metric, gaussian(4, 16, 2), {.k = 20});
}

TEST_F(FlatSearchTest, ReadsRowsByTheirStride) {
  const Matrix<float> wide = gaussian(200, 24, 1);
  const MatrixView<const float> narrow(wide.data() + 3, 200, 5, 24);
  Matrix<Hit> got(200, 4, kPoison), want(200, 4, kPoison);
  make_flat_search(0, narrow, Metric::cosine, false)->search(narrow, got.view(), {.k = 4});
  make_index(Device::cpu(), narrow, Metric::cosine)->search(narrow, want.view(), {.k = 4});
  EXPECT_TRUE(same(got, want));
}

TEST_F(FlatSearchTest, GivesBackWhatItStores) {
  const Matrix<float> vectors = gaussian(130, 33, 1);
  const auto engine = make_flat_search(0, vectors.view(), Metric::cosine, false);
  Matrix<float> stored(130, 33, kNaN), again(130, 33, kNaN);
  engine->read(stored.view());
  make_flat_search(0, stored.view(), Metric::cosine, true)->read(again.view());
  EXPECT_TRUE(std::equal(stored.data(), stored.data() + 130 * 33, again.data()));
  const auto cpu = make_index(Device::cpu(), vectors.view(), Metric::cosine);
  const Matrix<float> queries = gaussian(5, 33, 2);
  Matrix<Hit> hits(5, 9, kPoison);
  make_flat_search(0, stored.view(), Metric::cosine, true)->search(queries.view(), hits.view(), {.k = 9});
  EXPECT_TRUE(same(hits, search::search(*cpu, queries, {.k = 9})));
}

TEST_F(FlatSearchTest, ExcludesAndAllows) {
  const Matrix<float> vectors = gaussian(2500, 9, 1), queries = gaussian(11, 9, 2);
  for (const Metric metric : kMetrics)
    for (const double share : {0.001, 0.5, 1.0}) {
      const data::Csr exclude = random_pattern(11, 2500, share, 5);
      const std::vector<std::uint64_t> allow = random_mask(2500, share, 6);
      expect_as_cpu(vectors, metric, queries, {.k = 20, .exclude = exclude.view()});
      expect_as_cpu(vectors, metric, queries, {.k = 20, .allow = allow});
      expect_as_cpu(vectors, metric, queries, {.k = 20, .exclude = exclude.view(), .allow = allow});
    }
  const std::vector<std::uint64_t> none = make_mask(2500);
  expect_as_cpu(vectors, Metric::cosine, queries, {.k = 3, .allow = none});
}

// No threshold rules anything out: the rows come in pieces that fit.
TEST_F(FlatSearchTest, EqualScoresGoToTheSmallestRows) {
  for (const Metric metric : kMetrics) {
    Matrix<float> vectors(6000, 5);
    for (std::int64_t row = 0; row < vectors.rows(); ++row)
      std::ranges::copy(gaussian(1, 5, 3).row(0), vectors.row(row).begin());
    expect_as_cpu(vectors, metric, gaussian(2, 5, 4), {.k = 30});
  }
}

TEST_F(FlatSearchTest, ScoresThatAscendWithTheRows) {
  for (const Metric metric : {Metric::inner_product, Metric::l2}) {
    Matrix<float> vectors(9000, 1);
    for (std::int64_t row = 0; row < vectors.rows(); ++row)
      vectors(row, 0) = static_cast<float>(row);
    Matrix<float> queries(3, 1, 9001.0f);
    queries(1, 0) = -1;  // for this one they descend
    queries(2, 0) = 0;
    expect_as_cpu(vectors, metric, queries, {.k = 40});
  }
}

TEST_F(FlatSearchTest, QueriesWithoutALength) {
  Matrix<float> queries = gaussian(4, 6, 2);
  std::ranges::fill(queries.row(1), 0.0f);
  std::ranges::fill(queries.row(2), -0.0f);
  for (const Metric metric : kMetrics)
    expect_as_cpu(gaussian(5000, 6, 1), metric, queries, {.k = 12});
}

// 10⁻³⁰ … 10³⁰: products under- and overflow, and 16 bits hold none of it as it is.
TEST_F(FlatSearchTest, TinyAndGreatNumbers) {
  const float scales[] = {1e-30f, 1e-15f, 1e15f, 1e30f};
  for (const Metric metric : kMetrics)
    for (const float of_rows : scales)
      for (const float of_queries : scales)
        expect_as_cpu(scaled(gaussian(1500, 4, 1), of_rows), metric, scaled(gaussian(2, 4, 2), of_queries), {.k = 6});
}

TEST_F(FlatSearchTest, NegativeAndPositiveZeroAreEqual) {
  Matrix<float> vectors(3, 32, 1e-30f);
  std::ranges::fill(vectors.row(0), -1e-30f);
  const Matrix<Hit> hits = found(vectors, Metric::inner_product, Matrix<float>(1, 32, 1e-30f), {.k = 3});
  for (std::int32_t i = 0; i < 3; ++i) {
    EXPECT_EQ(hits(0, i), (Hit{0.0f, i}));
    EXPECT_FALSE(std::signbit(hits(0, i).score));
  }
}

TEST_F(FlatSearchTest, RowsOfVeryUnequalLengths) {
  Matrix<float> vectors = gaussian(3000, 8, 1), queries = gaussian(6, 8, 2);
  for (std::int64_t row = 0; row < vectors.rows(); ++row)
    for (float& x : vectors.row(row))
      x *= static_cast<float>(std::pow(10.0, static_cast<double>(row % 61) - 30));
  for (std::int64_t q = 0; q < queries.rows(); ++q)
    for (float& x : queries.row(q))
      x *= static_cast<float>(std::pow(10.0, static_cast<double>(10 * q) - 30));
  for (const Metric metric : kMetrics)
    expect_as_cpu(vectors, metric, queries, {.k = 30});
}

TEST_F(FlatSearchTest, ComponentsOfVeryUnequalSizes) {
  Matrix<float> vectors = gaussian(2000, 40, 1), queries = gaussian(5, 40, 2);
  for (Matrix<float>* matrix : {&vectors, &queries})
    for (std::int64_t row = 0; row < matrix->rows(); ++row)
      for (std::int64_t d = 0; d < 40; ++d)
        (*matrix)(row, d) *= std::exp2(static_cast<float>((row + d) % 40 - 20));
  for (const Metric metric : kMetrics)
    expect_as_cpu(vectors, metric, queries, {.k = 30});
}

TEST_F(FlatSearchTest, FarFromTheOrigin) {
  Matrix<float> vectors = gaussian(1500, 6, 1), queries = gaussian(3, 6, 2);
  for (Matrix<float>* matrix : {&vectors, &queries})
    for (std::int64_t row = 0; row < matrix->rows(); ++row)
      for (float& x : matrix->row(row))
        x += 50'000;
  expect_as_cpu(vectors, Metric::l2, queries, {.k = 12});
}

TEST_F(FlatSearchTest, NotNumbers) {
  Matrix<float> vectors = gaussian(2200, 6, 1), queries = gaussian(6, 6, 2);
  const float strange[] = {kNaN, kInfinity, -kInfinity, 3e38f, -3e38f, 1e-42f};
  for (std::int64_t row = 0; row < vectors.rows(); ++row)
    if (row % 3 != 0)
      vectors(row, row % 6) = strange[row % 18 / 3];
  queries(1, 2) = kNaN;
  queries(2, 3) = kInfinity;
  queries(3, 4) = -kInfinity;
  queries(4, 5) = 3e38f;
  for (const Metric metric : kMetrics)
    for (const int k : {10, 1000})
      expect_as_cpu(vectors, metric, queries, {.k = k});
}

TEST_F(FlatSearchTest, SearchesAtTheSameTime) {
  const Matrix<float> vectors = gaussian(1500, 8, 1), queries = gaussian(4, 8, 2);
  const auto engine = make_flat_search(0, vectors.view(), Metric::l2, false);
  const Matrix<Hit> want = search::search(*make_index(Device::cpu(), vectors.view(), Metric::l2), queries, {.k = 5});
  std::vector<Matrix<Hit>> got(3);
  {
    std::vector<std::jthread> callers;
    for (Matrix<Hit>& hits : got)
      callers.emplace_back([&] {
        hits = Matrix<Hit>(4, 5, kPoison);
        engine->search(queries.view(), hits.view(), {.k = 5});
      });
  }
  for (const Matrix<Hit>& hits : got)
    EXPECT_TRUE(same(hits, want));
}

#if defined(SEGUE_SIMT)  // where a test can say how large the device is
class SmallDevice {
 public:
  explicit SmallDevice(std::int64_t free) {
    simt::set_device_memory(simt::device_memory_in_use() + static_cast<std::size_t>(free));
  }
  ~SmallDevice() { simt::set_device_memory(std::size_t{64} << 30); }
};

TEST_F(FlatSearchTest, TakesQueriesInBatchesThatFit) {
  const Matrix<float> vectors = gaussian(300, 8, 1), queries = gaussian(30, 8, 2);
  const data::Csr exclude = random_pattern(30, 300, 0.3, 5);
  const SmallDevice device(150'000);  // some 9 queries beside the index
  expect_as_cpu(vectors, Metric::cosine, queries, {.k = 5, .exclude = exclude.view()});
}

TEST_F(FlatSearchTest, RefusesWhatLeavesNoRoomForAQuery) {
  const Matrix<float> vectors = gaussian(300, 8, 1);
  const SmallDevice device(130'000);
  const auto engine = make_flat_search(0, vectors.view(), Metric::cosine, false);
  Matrix<Hit> hits(1, 2048, kPoison);
  try {
    engine->search(vectors.view().row_range(0, 1), hits.view(), {.k = 2048});
    FAIL();
  } catch (const OutOfMemory& error) {
    EXPECT_THAT(error.what(), testing::MatchesRegex("search on cuda:0 .*: needs .* \\(one query .*\\), but only .* is "
                                                    "available: lower k, or .*"));
  }
}
#endif

TEST_F(FlatSearchTest, RefusesWhatDoesNotFitTheDevice) {
  const std::int64_t rows = context().free_bytes() / 1024;  // four times what is free; nothing of them is read
  const MatrixView<const float> vectors(static_cast<const float*>(nullptr), rows, 1024);
  try {
    make_flat_search(0, vectors, Metric::inner_product, false);
    FAIL();
  } catch (const OutOfMemory& error) {
    EXPECT_THAT(error.what(), testing::MatchesRegex("search index on cuda:0 .*: needs .* \\(float32 vectors .*, 16-bit "
                                                    "copies .*, but only .* is available: use --device cpu.*"));
  }
}

}  // namespace
}  // namespace segue::cuda
