#pragma once

#include <cstdint>
#include <vector>

#include "segue/core/device.hpp"
#include "segue/core/matrix.hpp"
#include "segue/core/progress.hpp"

namespace segue::search {

struct KMeansOptions {
  int clusters = 0;     ///< 0: ⌈√(rows/2)⌉; never more than there are non-zero rows
  int iterations = 25;  ///< at most; stops when nothing moves
  std::uint64_t seed = 1;
};

struct Clusters {
  Matrix<float> centroids;               ///< [clusters × rank], unit length
  std::vector<std::int32_t> assignment;  ///< by row; −1 for a zero row
  double mean_cosine = 0;                ///< of rows with their centroid
};

/// Spherical k-means (Dhillon & Modha 2001) with k-means++ seeding (Arthur & Vassilvitskii 2007) on cosine; a cluster
/// that loses all its rows takes the row farthest from its centroid. Assignment is an Index search.
Clusters spherical_kmeans(Device device, MatrixView<const float> vectors, const KMeansOptions& options,
                          Progress& progress);

}  // namespace segue::search
