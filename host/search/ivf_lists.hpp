#pragma once

#include <cstdint>
#include <vector>

#include "host/search/ivf_index.hpp"
#include "segue/core/device.hpp"
#include "segue/core/matrix.hpp"
#include "segue/core/progress.hpp"
#include "segue/search/ivf.hpp"

namespace segue::search {

/// How the rows of an index are distributed over lists, each of whole panels: the owner of IvfParts, but for vectors.
struct IvfLists {
  Matrix<float> centroids;
  std::vector<std::int64_t> panel_starts;
  std::vector<std::int32_t> row_at;

  IvfParts parts(const IndexShape& shape, std::int64_t probes) const {
    return {.shape = shape,
            .probes = probes,
            .centroids = centroids.view(),
            .panel_starts = panel_starts,
            .row_at = row_at,
            .panels = {}};
  }
};

std::int64_t list_count(const IvfOptions& options, std::int64_t rows);

/// k-means on a sample, then the nearest centroid of every row.
IvfLists make_ivf_lists(Device device, MatrixView<const float> vectors, Metric metric, const IvfOptions& options,
                        Progress& progress);

}  // namespace segue::search
