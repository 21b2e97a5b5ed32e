// Exact search on a GPU, as host/search/make_index.cpp drives it: no CUDA header, and no check of arguments, which is
// done there for both devices.
#pragma once

#include <memory>

#include "segue/core/matrix.hpp"
#include "segue/search/index.hpp"

namespace segue::cuda {

class FlatSearch {
 public:
  virtual ~FlatSearch() = default;
  /// As Index::search(), with arguments that have been checked; from several threads at once.
  /// @throws OutOfMemory  not even one query fits beside the index; hits is unchanged
  virtual void search(MatrixView<const float> queries, MatrixView<segue::search::Hit> hits,
                      const segue::search::SearchOptions& options) const = 0;
  /// The vectors as the index has them: of unit length for cosine.
  virtual void read(MatrixView<float> vectors) const = 0;
};

/// @param vectors   [rows × rank], host; copied
/// @param unit_length  for cosine: they are already, and are taken as they are
/// @throws DeviceUnavailable;  OutOfMemory  the index does not fit: both numbers
std::unique_ptr<FlatSearch> make_flat_search(int device, MatrixView<const float> vectors, segue::search::Metric metric,
                                             bool unit_length);

}  // namespace segue::cuda
