#pragma once

#include <cstdint>
#include <vector>

#include "segue/core/device.hpp"
#include "segue/core/matrix.hpp"
#include "segue/search/index.hpp"

namespace segue::search {

/// The two halves of an iteration of k-means (Lloyd 1982). `metric` is l2 for plain k-means; for the spherical one it
/// is inner_product, and rows and centroids have unit length. Rows are finite.

/// The nearest centroid of each row, and no cluster without a row: one that has lost all takes the row farthest from
/// its centroid.
class Assignment {
 public:
  Assignment(std::int64_t rows, std::int64_t clusters);

  /// @returns how many rows moved
  std::int64_t update(Device device, Metric metric, const Matrix<float>& rows, const Matrix<float>& centroids);

  std::int32_t cluster(std::int64_t row) const { return hits_(row, 0).row; }

  /// Rows by cluster: cluster c has members()[i] for starts[c] ≤ i < starts[c + 1], ascending.
  std::vector<std::int64_t> members(std::vector<std::int64_t>& starts) const;

 private:
  void fill_empty_clusters();

  Matrix<Hit> hits_;  // [rows × 1]
  std::vector<std::int64_t> sizes_;
};

/// The mean of the rows of each cluster, for inner_product to unit length; if those cancel, the centroid stays.
void update_centroids(Metric metric, const Matrix<float>& rows, const Assignment& assignment, Matrix<float>& centroids);

}  // namespace segue::search
