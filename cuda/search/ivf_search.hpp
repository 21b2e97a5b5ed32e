// Search in the lists of an inverted file on a GPU, as host/search/ivf_gpu.cpp drives it: no CUDA header, and no check
// of arguments, which is done there for both devices.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "segue/core/matrix.hpp"
#include "segue/search/index.hpp"

namespace segue::cuda {

class IvfSearch {
 public:
  virtual ~IvfSearch() = default;
  /// As Index::search(), in the lists that are named for each query, until the first −1; from several threads at once.
  /// @param nearest  [queries × probes], Hit::row is the list; 0 columns: all lists for each query
  /// @throws OutOfMemory  not even one query fits beside the index; hits is unchanged
  virtual void search(MatrixView<const float> queries, MatrixView<const segue::search::Hit> nearest,
                      MatrixView<segue::search::Hit> hits, const segue::search::SearchOptions& options) const = 0;
  /// The vectors as the index has them, in the order given: of unit length for cosine.
  virtual void read(MatrixView<float> vectors) const = 0;
};

/// @param vectors      [rows × rank], host, list after list; copied
/// @param ids          [rows]: what hits and filters call them
/// @param list_starts  [lists + 1]: list l has rows list_starts[l] to list_starts[l + 1]
/// @param unit_length  for cosine: they are already, and are taken as they are
/// @throws DeviceUnavailable;  OutOfMemory  the index does not fit: both numbers
std::unique_ptr<IvfSearch> make_ivf_search(int device, MatrixView<const float> vectors,
                                           std::span<const std::int32_t> ids, std::span<const std::int64_t> list_starts,
                                           segue::search::Metric metric, bool unit_length);

}  // namespace segue::cuda
