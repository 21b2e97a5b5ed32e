// What the library makes of the engine: the public Index on a GPU.
#include <gtest/gtest.h>

#include "segue/core/error.hpp"
#include "segue/core/file.hpp"
#include "segue/search/spherical_kmeans.hpp"
#include "tests/core/kernel_test.hpp"
#include "tests/core/temporary_directory.hpp"
#include "tests/search/reference.hpp"

namespace segue::search {
namespace {

constexpr Device kGpu{Device::Kind::cuda, 0};

class GpuIndex : public cuda::KernelTest {};

TEST_F(GpuIndex, IsWhatAutoGives) {
  EXPECT_EQ(resolve(Device{}).device, kGpu);
  const auto index = make_index(Device{}, gaussian(70, 12, 1).view(), Metric::cosine);
  EXPECT_EQ(index->rows(), 70);
  EXPECT_EQ(index->rank(), 12);
  EXPECT_EQ(index->metric(), Metric::cosine);
}

TEST_F(GpuIndex, FilesAreTheSameAndServeBothDevices) {
  const TemporaryDirectory directory;
  const auto gpu_path = directory.path() / "gpu.index", cpu_path = directory.path() / "cpu.index";
  for (const Metric metric : {Metric::inner_product, Metric::cosine, Metric::l2})
    for (const std::int64_t rows : {0, 1, 33, 300}) {
      const Matrix<float> vectors = gaussian(rows, 10, 1), queries = gaussian(3, 10, 2);
      make_index(kGpu, vectors.view(), metric)->save(gpu_path);
      make_index(Device::cpu(), vectors.view(), metric)->save(cpu_path);
      EXPECT_EQ(read_file(gpu_path), read_file(cpu_path)) << name_of(metric) << ", " << rows;
      const auto on_gpu = load_index(kGpu, cpu_path), on_cpu = load_index(Device::cpu(), gpu_path);
      EXPECT_EQ(on_gpu->rows(), rows);
      EXPECT_EQ(on_gpu->metric(), metric);
      EXPECT_TRUE(same_hits(search(*on_gpu, queries, {.k = 9}), search(*on_cpu, queries, {.k = 9})));
    }
}

TEST_F(GpuIndex, RefusesWhatTheCpuRefuses) {
  const Matrix<float> vectors = gaussian(70, 4, 1), queries = gaussian(3, 5, 2);
  const auto index = make_index(kGpu, vectors.view(), Metric::l2);
  Matrix<Hit> hits(3, 2, Hit{1.5f, 3});
  try {
    index->search(queries.view(), hits.view(), {.k = 2});
    FAIL();
  } catch (const InvalidArgument& error) {
    EXPECT_STREQ(error.what(), "search: the queries have rank 5, the index has rank 4");
  }
  EXPECT_EQ(hits(2, 1), (Hit{1.5f, 3}));
  EXPECT_THROW(make_index(kGpu, Matrix<float>(2, 0).view(), Metric::l2), InvalidArgument);
}

TEST_F(GpuIndex, ClustersAsTheCpu) {
  const Matrix<float> vectors = gaussian(300, 6, 1);
  const KMeansOptions options{.clusters = 5, .iterations = 3};
  const Clusters got = spherical_kmeans(kGpu, vectors.view(), options, no_progress());
  const Clusters want = spherical_kmeans(Device::cpu(), vectors.view(), options, no_progress());
  EXPECT_EQ(got.assignment, want.assignment);
  EXPECT_TRUE(std::equal(got.centroids.data(), got.centroids.data() + 5 * 6, want.centroids.data()));
}

}  // namespace
}  // namespace segue::search
