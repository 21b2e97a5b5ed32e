#include "host/search/partial_hits.hpp"

#include <algorithm>
#include <functional>

namespace segue::search {

void write_hits(std::span<Key> keys, std::span<Hit> hits) {
  std::sort(keys.begin(), keys.end(), std::greater<>());
  const auto rest = std::transform(keys.begin(), keys.end(), hits.begin(), to_hit);
  std::fill(rest, hits.end(), Hit::none());
}

PartialHits::PartialHits(std::int64_t queries, std::int64_t ranges, int k)
    : counts_(queries, ranges, 0), keys_(queries, ranges * k), k_(k) {}

void PartialHits::store(std::int64_t query, std::int64_t range, std::span<const Key> keys) {
  std::copy(keys.begin(), keys.end(), keys_.row(query).begin() + range * k_);
  counts_(query, range) = static_cast<int>(keys.size());
}

void PartialHits::merge(std::int64_t query, std::span<Hit> hits) {
  const std::span<Key> keys = keys_.row(query);
  auto end = keys.begin();
  for (std::int64_t range = 0; range < counts_.columns(); ++range)
    end = std::copy_n(keys.begin() + range * k_, counts_(query, range), end);
  const auto middle = keys.begin() + std::min<std::ptrdiff_t>(k_, end - keys.begin());
  std::nth_element(keys.begin(), middle, end, std::greater<>());
  write_hits({keys.begin(), middle}, hits);
}

}  // namespace segue::search
