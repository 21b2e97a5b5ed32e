#include "segue/search/spherical_kmeans.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "segue/core/error.hpp"
#include "segue/core/parallel.hpp"
#include "tests/search/reference.hpp"

namespace segue::search {
namespace {

Clusters cluster(const Matrix<float>& vectors, const KMeansOptions& options) {
  return spherical_kmeans(Device::cpu(), vectors.view(), options, no_progress());
}

/// Row r belongs to direction r % directions, with noise, at a length that must not matter.
Matrix<float> planted(std::int64_t rows, std::int64_t rank, std::int64_t directions, double noise) {
  const Matrix<float> centres = gaussian(directions, rank, 77);
  Matrix<float> vectors(rows, rank);
  for (std::int64_t row = 0; row < rows; ++row) {
    Random random(5, static_cast<std::uint64_t>(row));
    const double length = 0.01 + 100 * random.uniform();
    for (std::int64_t d = 0; d < rank; ++d)
      vectors(row, d) = static_cast<float>(length * (centres(row % directions, d) + noise * random.normal()));
  }
  return vectors;
}

double mean_cosine(const Matrix<float>& vectors, const Clusters& clusters) {
  double sum = 0;
  std::int64_t count = 0;
  for (std::int64_t row = 0; row < vectors.rows(); ++row) {
    const std::int32_t c = clusters.assignment[static_cast<std::size_t>(row)];
    if (c < 0)
      continue;
    sum += reference::score(Metric::cosine, vectors.row(row), clusters.centroids.row(c)).value;
    ++count;
  }
  return sum / static_cast<double>(count);
}

TEST(SphericalKMeans, FindsPlantedClusters) {
  const Matrix<float> vectors = planted(3000, 32, 8, 0.1);
  const Clusters clusters = cluster(vectors, {.clusters = 8, .seed = 3});
  std::map<std::int64_t, std::set<std::int32_t>> found;
  for (std::int64_t row = 0; row < vectors.rows(); ++row)
    found[row % 8].insert(clusters.assignment[static_cast<std::size_t>(row)]);
  std::set<std::int32_t> all;
  for (const auto& [direction, labels] : found) {
    EXPECT_EQ(labels.size(), 1u) << "direction " << direction;
    all.insert(*labels.begin());
  }
  EXPECT_EQ(all.size(), 8u);
  EXPECT_GT(clusters.mean_cosine, 0.98);
  EXPECT_NEAR(clusters.mean_cosine, mean_cosine(vectors, clusters), 1e-6);
}

TEST(SphericalKMeans, CentroidsAreUnitMeansOfTheirRows) {
  const Matrix<float> vectors = gaussian(500, 10, 1);
  const Clusters clusters = cluster(vectors, {.clusters = 6, .iterations = 200});
  ASSERT_EQ(clusters.centroids.rows(), 6);
  for (std::int32_t c = 0; c < 6; ++c) {
    std::vector<double> sum(10);
    for (std::int64_t row = 0; row < 500; ++row) {
      if (clusters.assignment[static_cast<std::size_t>(row)] != c)
        continue;
      const double length =
          std::sqrt(reference::score(Metric::inner_product, vectors.row(row), vectors.row(row)).value);
      for (std::int64_t d = 0; d < 10; ++d)
        sum[static_cast<std::size_t>(d)] += vectors(row, d) / length;
    }
    double length = 0;
    for (const double x : sum)
      length += x * x;
    for (std::int64_t d = 0; d < 10; ++d)
      EXPECT_NEAR(clusters.centroids(c, d), sum[static_cast<std::size_t>(d)] / std::sqrt(length), 1e-5);
  }
  for (std::int64_t row = 0; row < 500; ++row) {  // converged: each row is with its nearest
    const std::int32_t own = clusters.assignment[static_cast<std::size_t>(row)];
    const double score = reference::score(Metric::cosine, vectors.row(row), clusters.centroids.row(own)).value;
    for (std::int32_t c = 0; c < 6; ++c)
      EXPECT_GE(score, reference::score(Metric::cosine, vectors.row(row), clusters.centroids.row(c)).value - 1e-5);
  }
}

TEST(SphericalKMeans, SameBitsForAnyNumberOfThreads) {
  const Matrix<float> vectors = planted(10'000, 16, 40, 0.8);
  const auto run = [&](int threads) {
    set_thread_count(threads);
    Clusters clusters = cluster(vectors, {.clusters = 50, .iterations = 5, .seed = 9});
    set_thread_count(0);
    return clusters;
  };
  const Clusters one = run(1);
  for (const int threads : {2, 5}) {
    const Clusters many = run(threads);
    EXPECT_EQ(one.assignment, many.assignment);
    EXPECT_TRUE(std::equal(one.centroids.data(), one.centroids.data() + 50 * 16, many.centroids.data()));
    EXPECT_EQ(one.mean_cosine, many.mean_cosine);
  }
}

TEST(SphericalKMeans, SeedsDiffer) {
  const Matrix<float> vectors = gaussian(400, 8, 1);
  EXPECT_NE(cluster(vectors, {.clusters = 20, .iterations = 2, .seed = 1}).assignment,
            cluster(vectors, {.clusters = 20, .iterations = 2, .seed = 2}).assignment);
}

TEST(SphericalKMeans, NoClusterStaysEmpty) {
  Matrix<float> vectors(60, 3, 1.0f);  // 57 equal rows, 3 others, 5 clusters wanted
  for (std::int64_t row = 57; row < 60; ++row)
    vectors(row, row - 57) = -4.0f;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const Clusters clusters = cluster(vectors, {.clusters = 5, .seed = seed});
    const std::set<std::int32_t> used(clusters.assignment.begin(), clusters.assignment.end());
    EXPECT_EQ(used, (std::set<std::int32_t>{0, 1, 2, 3, 4})) << "seed " << seed;
  }
}

TEST(SphericalKMeans, ZeroRowsBelongNowhere) {
  Matrix<float> vectors = gaussian(30, 4, 1);
  for (const std::int64_t row : {0, 13, 29})
    std::ranges::fill(vectors.row(row), 0.0f);
  const Clusters clusters = cluster(vectors, {.clusters = 100});
  EXPECT_EQ(clusters.centroids.rows(), 27);  // as many as there are rows that are not zero
  for (std::int64_t row = 0; row < 30; ++row)
    EXPECT_EQ(clusters.assignment[static_cast<std::size_t>(row)] == -1, row == 0 || row == 13 || row == 29);
  EXPECT_NEAR(clusters.mean_cosine, 1.0, 1e-6);
}

TEST(SphericalKMeans, NothingToCluster) {
  for (const std::int64_t rows : {0, 5}) {
    const Clusters clusters = cluster(Matrix<float>(rows, 4, 0.0f), {});
    EXPECT_EQ(clusters.centroids.rows(), 0);
    EXPECT_EQ(clusters.assignment, std::vector<std::int32_t>(static_cast<std::size_t>(rows), -1));
    EXPECT_EQ(clusters.mean_cosine, 0.0);
  }
}

TEST(SphericalKMeans, NumberOfClustersFromTheRows) {
  EXPECT_EQ(cluster(gaussian(200, 4, 1), {}).centroids.rows(), 10);
  EXPECT_EQ(cluster(gaussian(201, 4, 1), {}).centroids.rows(), 11);
  EXPECT_EQ(cluster(gaussian(1, 4, 1), {}).centroids.rows(), 1);
}

template <class Function>
std::string refusal(Function&& function) {
  try {
    function();
  } catch (const InvalidArgument& error) {
    return error.what();
  }
  return "no exception";
}

TEST(SphericalKMeans, RefusesWhatItCannotDo) {
  Matrix<float> vectors = gaussian(9, 4, 1);
  EXPECT_EQ(refusal([&] { cluster(vectors, {.clusters = -1}); }),
            "k-means: clusters = -1 is negative (0: by the number of rows)");
  EXPECT_EQ(refusal([&] { cluster(vectors, {.iterations = 0}); }), "k-means: iterations = 0 is not 1 or more");
  vectors(7, 2) = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(refusal([&] { cluster(vectors, {}); }), "k-means: row 7 holds a value that is not finite");
}

}  // namespace
}  // namespace segue::search
