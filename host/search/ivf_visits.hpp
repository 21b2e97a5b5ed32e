#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "segue/core/matrix.hpp"
#include "segue/search/index.hpp"

namespace segue::search {

/// A list, and the queries that look into it together, as places in their block.
struct Visit {
  std::int64_t list;
  std::span<const std::int32_t> queries;
};

/// The visits of a block of queries: first to the list nearest to each query, where most of what it will keep lies, so
/// that few rows of the other lists pass its threshold.
class Visits {
 public:
  /// @param nearest  [queries of the call × probes], of Index::search in the centroids; 0 columns: each query visits
  ///                 all lists
  /// @param block    rows of `nearest`
  Visits(std::int64_t lists, MatrixView<const Hit> nearest, std::span<const std::int32_t> block);
  std::span<const Visit> all() const { return visits_; }

 private:
  /// Visits to the lists in columns [begin, end) of `nearest`, each list once.
  void add(MatrixView<const Hit> nearest, std::span<const std::int32_t> block, std::int64_t begin, std::int64_t end);

  std::int64_t lists_;
  std::vector<std::int32_t> queries_;
  std::vector<Visit> visits_;
};

}  // namespace segue::search
