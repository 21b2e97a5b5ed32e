// The IVF index on a GPU: lists, hits and files as on the CPU, to the bit.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "segue/core/file.hpp"
#include "segue/search/ivf.hpp"
#include "tests/core/kernel_test.hpp"
#include "tests/core/temporary_directory.hpp"
#include "tests/search/patterns.hpp"
#include "tests/search/reference.hpp"

namespace segue::search {
namespace {

constexpr Device kGpu{Device::Kind::cuda, 0};
constexpr Metric kMetrics[] = {Metric::inner_product, Metric::cosine, Metric::l2};

class GpuIvf : public cuda::KernelTest {
 protected:
  struct Pair {
    std::unique_ptr<IvfIndex> gpu, cpu;
  };
  /// Made on the CPU, which is quick, and loaded.
  static Pair make(const Matrix<float>& vectors, Metric metric, const IvfOptions& options) {
    const TemporaryDirectory directory;
    auto cpu = make_ivf_index(Device::cpu(), vectors.view(), metric, options, no_progress());
    cpu->save(directory.path() / "ivf");
    return {load_ivf_index(kGpu, directory.path() / "ivf"), std::move(cpu)};
  }
  static void expect_same(const Pair& pair, const Matrix<float>& queries, const SearchOptions& options) {
    SCOPED_TRACE(testing::Message() << name_of(pair.cpu->metric()) << ", " << pair.cpu->rows() << " rows, "
                                    << queries.rows() << " queries, k = " << options.k << ", " << options.probes
                                    << " probes of " << pair.cpu->lists());
    EXPECT_TRUE(same_hits(search(*pair.gpu, queries, options), search(*pair.cpu, queries, options)));
  }
};

TEST_F(GpuIvf, IsMadeAsOnTheCpu) {
  const Matrix<float> vectors = gaussian(300, 6, 1), queries = gaussian(5, 6, 2);
  const IvfOptions options{.lists = 9, .training_rows = 20, .iterations = 3};
  for (const Metric metric : kMetrics) {
    const Pair pair{make_ivf_index(kGpu, vectors.view(), metric, options, no_progress()),
                    make_ivf_index(Device::cpu(), vectors.view(), metric, options, no_progress())};
    expect_same(pair, queries, {.k = 10, .probes = 3});
    EXPECT_EQ(pair.gpu->lists(), pair.cpu->lists());
    EXPECT_EQ(pair.gpu->probes(), pair.cpu->probes());
    EXPECT_EQ(pair.gpu->list_of_rows(), pair.cpu->list_of_rows());
    Matrix<Hit> on_gpu(5, 4, kPoison), on_cpu(5, 4, kPoison);
    pair.gpu->nearest_lists(queries.view(), on_gpu.view());
    pair.cpu->nearest_lists(queries.view(), on_cpu.view());
    EXPECT_TRUE(same_hits(on_gpu, on_cpu));
  }
}

TEST_F(GpuIvf, SameBitsAsCpu) {
  const Matrix<float> vectors = gaussian(500, 35, 1), queries = gaussian(40, 35, 2);
  for (const Metric metric : kMetrics) {
    const Pair pair = make(vectors, metric, {.lists = 11, .iterations = 2});
    for (const int k : {1, 10, 600})
      for (const std::int64_t probes : {1, 4, 11})
        expect_same(pair, queries, {.k = k, .probes = probes});
    expect_same(pair, gaussian(0, 35, 2), {.k = 3, .probes = 2});
  }
  for (const std::int64_t rows : {0, 1, 33})
    expect_same(make(gaussian(rows, 3, 1), Metric::l2, {.lists = 5, .iterations = 1}), gaussian(4, 3, 2),
                {.k = 7, .probes = 1});
}

// Lists that 224 … 257 queries share: wide tiles, narrow ones and both.
TEST_F(GpuIvf, ManyQueriesInAList) {
  const Matrix<float> vectors = gaussian(90, 5, 1);
  const Pair pair = make(vectors, Metric::inner_product, {.lists = 2, .iterations = 1});
  for (const std::int64_t count : {32, 33, 224, 225, 257, 300})
    expect_same(pair, gaussian(count, 5, 2), {.k = 4, .probes = 2});
}

TEST_F(GpuIvf, ExcludesAndAllows) {
  const Matrix<float> vectors = gaussian(700, 6, 1), queries = gaussian(13, 6, 2);
  const data::Csr exclude = random_pattern(13, 700, 0.5, 5);
  const std::vector<std::uint64_t> allow = random_mask(700, 0.5, 6);
  for (const Metric metric : kMetrics) {
    const Pair pair = make(vectors, metric, {.lists = 8, .iterations = 1});
    expect_same(pair, queries, {.k = 20, .exclude = exclude.view(), .probes = 3});
    expect_same(pair, queries, {.k = 20, .exclude = exclude.view(), .allow = allow, .probes = 8});
  }
}

// Lists longer than a pass holds, and than an item.
TEST_F(GpuIvf, LongLists) {
  const Matrix<float> vectors = gaussian(9000, 3, 1), queries = gaussian(5, 3, 2);
  for (const Metric metric : kMetrics)
    expect_same(make(vectors, metric, {.lists = 3, .iterations = 1}), queries, {.k = 12, .probes = 2});
}

// No threshold rules anything out: the rows of a pass do not fit, and come again in fewer.
TEST_F(GpuIvf, EqualScoresGoToTheSmallestRows) {
  Matrix<float> vectors = gaussian(6000, 4, 3);
  for (std::int64_t row = 0; row < vectors.rows(); ++row)
    std::ranges::copy(vectors.row(row % 3), vectors.row(row).begin());
  for (const Metric metric : kMetrics)
    expect_same(make(vectors, metric, {.lists = 3, .iterations = 1}), gaussian(2, 4, 4), {.k = 30, .probes = 3});
}

TEST_F(GpuIvf, ScoresThatAscend) {
  Matrix<float> vectors(9000, 1);
  for (std::int64_t row = 0; row < vectors.rows(); ++row)
    vectors(row, 0) = static_cast<float>(row);
  Matrix<float> queries(2, 1, 1.0f);
  queries(1, 0) = -1;
  expect_same(make(vectors, Metric::inner_product, {.lists = 2, .iterations = 1}), queries, {.k = 5, .probes = 2});
}

TEST_F(GpuIvf, NotNumbers) {
  Matrix<float> vectors = gaussian(400, 5, 1), queries = gaussian(4, 5, 2);
  for (std::int64_t row = 0; row < 400; row += 7)
    vectors(row, row % 5) =
        row % 2 == 0 ? std::numeric_limits<float>::quiet_NaN() : std::numeric_limits<float>::infinity();
  queries(1, 1) = std::numeric_limits<float>::quiet_NaN();
  queries(2, 1) = std::numeric_limits<float>::infinity();
  for (const Metric metric : kMetrics) {
    const Pair pair = make(vectors, metric, {.lists = 6, .iterations = 1});
    for (const std::int64_t probes : {2, 6})
      expect_same(pair, queries, {.k = 9, .probes = probes});
  }
}

TEST_F(GpuIvf, FilesAreTheSameAndServeBothDevices) {
  const TemporaryDirectory directory;
  const auto gpu_path = directory.path() / "gpu.ivf", cpu_path = directory.path() / "cpu.ivf";
  const Matrix<float> vectors = gaussian(200, 10, 1), queries = gaussian(3, 10, 2);
  for (const Metric metric : kMetrics) {
    const IvfOptions options{.lists = 4, .probes = 2, .iterations = 2};
    make_ivf_index(kGpu, vectors.view(), metric, options, no_progress())->save(gpu_path);
    make_ivf_index(Device::cpu(), vectors.view(), metric, options, no_progress())->save(cpu_path);
    EXPECT_EQ(read_file(gpu_path), read_file(cpu_path)) << name_of(metric);
    const Pair loaded{load_ivf_index(kGpu, cpu_path), load_ivf_index(Device::cpu(), gpu_path)};
    EXPECT_EQ(loaded.gpu->list_of_rows(), loaded.cpu->list_of_rows());
    expect_same(loaded, queries, {.k = 9});
  }
}

TEST_F(GpuIvf, RecallIsThatOfTheCpu) {
  const Matrix<float> vectors = gaussian(300, 8, 1), queries = gaussian(10, 8, 2);
  const Pair pair = make(vectors, Metric::cosine, {.lists = 8, .iterations = 2});
  EXPECT_EQ(recall_by_probes(*pair.gpu, queries.view(), 5), recall_by_probes(*pair.cpu, queries.view(), 5));
}

}  // namespace
}  // namespace segue::search
