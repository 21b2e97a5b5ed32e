#include "segue/search/spherical_kmeans.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "host/search/lloyd.hpp"
#include "host/search/packing.hpp"
#include "segue/core/error.hpp"
#include "segue/core/parallel.hpp"
#include "segue/core/random.hpp"

namespace segue::search {
namespace {

constexpr std::int64_t kChunk = 4096;  // rows; sums over rows are cut here, so that they do not depend on the threads

std::size_t at(std::int64_t i) {
  return static_cast<std::size_t>(i);
}

/// Eight running sums, so that the compiler can use vectors without changing an order.
double dot(std::span<const float> a, std::span<const float> b) {
  float sums[8] = {};
  std::size_t i = 0;
  for (; i + 8 <= a.size(); i += 8)
    for (std::size_t lane = 0; lane < 8; ++lane)
      sums[lane] += a[i + lane] * b[i + lane];
  double sum = std::accumulate(std::begin(sums), std::end(sums), 0.0);
  for (; i < a.size(); ++i)
    sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

struct UnitRows {
  std::vector<std::int64_t> source;  ///< row in the caller's matrix
  Matrix<float> rows;
};

UnitRows unit_rows(MatrixView<const float> vectors) {
  std::vector<double> norms(at(vectors.rows()));
  parallel_for(vectors.rows(), kChunk, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row)
      norms[at(row)] = norm(vectors.row(row));
  });
  UnitRows unit;
  for (std::int64_t row = 0; row < vectors.rows(); ++row) {
    if (!std::isfinite(norms[at(row)]))
      throw InvalidArgument(fmt::format("k-means: row {} holds a value that is not finite", row));
    if (norms[at(row)] > 0)
      unit.source.push_back(row);
  }
  const auto count = static_cast<std::int64_t>(unit.source.size());
  unit.rows = Matrix<float>(count, vectors.columns());
  parallel_for(count, kChunk, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t row = unit.source[at(i)];
      const double scale = 1 / norms[at(row)];
      std::ranges::transform(vectors.row(row), unit.rows.row(i).begin(),
                             [&](float x) { return static_cast<float>(x * scale); });
    }
  });
  return unit;
}

/// k-means++: each next centre is a row drawn with probability ∝ its squared distance 2(1 − cos) to the nearest so far.
class Seeding {
 public:
  Seeding(const Matrix<float>& rows, std::uint64_t seed)
      : rows_(rows),
        random_(seed),
        distances_(at(rows.rows()), 2.0),
        chunk_sums_(at((rows.rows() + kChunk - 1) / kChunk)) {}

  Matrix<float> run(std::int64_t clusters) {
    Matrix<float> centroids(clusters, rows_.columns());
    for (std::int64_t cluster = 0; cluster < clusters; ++cluster) {
      const std::int64_t row = cluster == 0 ? any_row() : draw();
      std::ranges::copy(rows_.row(row), centroids.row(cluster).begin());
      distances_[at(row)] = 0;
      approach(rows_.row(row));
    }
    return centroids;
  }

 private:
  std::int64_t any_row() { return random_.below(static_cast<std::uint32_t>(rows_.rows())); }

  void approach(std::span<const float> centre) {
    parallel_for(rows_.rows(), kChunk, [&](std::int64_t begin, std::int64_t end) {
      double sum = 0;
      for (std::int64_t row = begin; row < end; ++row) {
        double& distance = distances_[at(row)];
        distance = std::min(distance, std::max(0.0, 1 - dot(rows_.row(row), centre)));
        sum += distance;
      }
      chunk_sums_[at(begin / kChunk)] = sum;
    });
  }

  std::int64_t draw() {
    double left = random_.uniform() * std::accumulate(chunk_sums_.begin(), chunk_sums_.end(), 0.0);
    std::int64_t chunk = 0;
    while (chunk + 1 < static_cast<std::int64_t>(chunk_sums_.size()) && left >= chunk_sums_[at(chunk)])
      left -= chunk_sums_[at(chunk++)];
    const std::int64_t end = std::min(rows_.rows(), (chunk + 1) * kChunk);
    for (std::int64_t row = chunk * kChunk; row < end; ++row) {
      left -= distances_[at(row)];
      if (left < 0)
        return row;
    }
    return any_row();  // every row lies on a centre
  }

  const Matrix<float>& rows_;
  Random random_;
  std::vector<double> distances_;
  std::vector<double> chunk_sums_;
};

std::int64_t cluster_count(const KMeansOptions& options, std::int64_t rows) {
  if (options.clusters < 0)
    throw InvalidArgument(
        fmt::format("k-means: clusters = {} is negative (0: by the number of rows)", options.clusters));
  if (options.iterations < 1)
    throw InvalidArgument(fmt::format("k-means: iterations = {} is not 1 or more", options.iterations));
  const auto automatic = static_cast<std::int64_t>(std::ceil(std::sqrt(static_cast<double>(rows) / 2)));
  return options.clusters == 0 ? automatic : options.clusters;
}

}  // namespace

Clusters spherical_kmeans(Device device, MatrixView<const float> vectors, const KMeansOptions& options,
                          Progress& progress) {
  const std::int64_t wanted = cluster_count(options, vectors.rows());
  const UnitRows unit = unit_rows(vectors);
  const std::int64_t count = std::min(wanted, unit.rows.rows());
  Clusters clusters;
  clusters.centroids = Matrix<float>(0, vectors.columns());
  clusters.assignment.assign(at(vectors.rows()), -1);
  if (count == 0)
    return clusters;

  ProgressTask task(progress, "k-means", options.iterations, "iterations");
  clusters.centroids = Seeding(unit.rows, options.seed).run(count);
  Assignment assignment(unit.rows.rows(), count);
  for (int iteration = 0; iteration < options.iterations; ++iteration) {
    const std::int64_t moved = assignment.update(device, Metric::inner_product, unit.rows, clusters.centroids);
    if (moved == 0)
      break;
    update_centroids(Metric::inner_product, unit.rows, assignment, clusters.centroids);
    task.note(fmt::format("{} rows moved", moved));
    task.advance(1);
  }

  for (std::int64_t i = 0; i < unit.rows.rows(); ++i)
    clusters.assignment[at(unit.source[at(i)])] = assignment.cluster(i);
  const double cosines = parallel_sum(unit.rows.rows(), kChunk, [&](std::int64_t begin, std::int64_t end) {
    double sum = 0;
    for (std::int64_t i = begin; i < end; ++i)
      sum += dot(unit.rows.row(i), clusters.centroids.row(assignment.cluster(i)));
    return sum;
  });
  clusters.mean_cosine = cosines / static_cast<double>(unit.rows.rows());
  return clusters;
}

}  // namespace segue::search
