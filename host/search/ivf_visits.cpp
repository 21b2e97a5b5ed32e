#include "host/search/ivf_visits.hpp"

#include <algorithm>
#include <numeric>

namespace segue::search {

Visits::Visits(std::int64_t lists, MatrixView<const Hit> nearest, std::span<const std::int32_t> block) : lists_(lists) {
  if (nearest.columns() == 0) {
    queries_.resize(block.size());
    std::iota(queries_.begin(), queries_.end(), 0);
    for (std::int64_t list = 0; list < lists; ++list)
      visits_.push_back({list, queries_});
    return;
  }
  queries_.reserve(block.size() * static_cast<std::size_t>(nearest.columns()));  // spans into it stay
  add(nearest, block, 0, 1);
  add(nearest, block, 1, nearest.columns());
}

void Visits::add(MatrixView<const Hit> nearest, std::span<const std::int32_t> block, std::int64_t begin,
                 std::int64_t end) {
  const auto for_each_pair = [&](auto&& body) {
    for (std::size_t place = 0; place < block.size(); ++place)
      for (std::int64_t probe = begin; probe < end; ++probe)
        if (const std::int32_t list = nearest(block[place], probe).row; list >= 0)  // none of a NaN query
          body(static_cast<std::size_t>(list), static_cast<std::int32_t>(place));
  };
  std::vector<std::size_t> next(static_cast<std::size_t>(lists_) + 1);
  for_each_pair([&](std::size_t list, std::int32_t) { ++next[list + 1]; });
  next.front() = queries_.size();
  std::partial_sum(next.begin(), next.end(), next.begin());
  queries_.resize(next.back());
  for (std::size_t list = 0; list + 1 < next.size(); ++list)
    if (const std::size_t count = next[list + 1] - next[list]; count > 0)
      visits_.push_back({static_cast<std::int64_t>(list), std::span(queries_).subspan(next[list], count)});
  for_each_pair([&](std::size_t list, std::int32_t place) { queries_[next[list]++] = place; });
}

}  // namespace segue::search
