#pragma once

#include <cstdint>
#include <span>

#include "host/search/candidates.hpp"
#include "segue/core/matrix.hpp"
#include "segue/search/index.hpp"

namespace segue::search {

/// Best first; Hit::none() after the last.
void write_hits(std::span<Key> keys, std::span<Hit> hits);

/// The best of each query in each of the ranges that a search was cut into, until all ranges are done.
class PartialHits {
 public:
  PartialHits(std::int64_t queries, std::int64_t ranges, int k);
  void store(std::int64_t query, std::int64_t range, std::span<const Key> keys);
  void merge(std::int64_t query, std::span<Hit> hits);

 private:
  Matrix<int> counts_;
  Matrix<Key> keys_;  // [queries × ranges · k]
  int k_;
};

}  // namespace segue::search
