#include <algorithm>
#include <numeric>

#include "host/data/simulate_alias.hpp"

namespace segue::data::simulated {

Alias::Alias(std::span<const double> weights) {
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  if (!(total > 0))
    return;
  entries_.resize(weights.size());
  std::vector<double> scaled(weights.size());  // mean 1
  std::vector<std::uint32_t> small, large;
  for (std::uint32_t i = 0; i < weights.size(); ++i) {
    scaled[i] = weights[i] / total * static_cast<double>(weights.size());
    (scaled[i] < 1 ? small : large).push_back(i);
  }
  while (!small.empty() && !large.empty()) {
    const std::uint32_t poor = small.back();
    const std::uint32_t rich = large.back();
    small.pop_back();
    entries_[poor] = {static_cast<float>(scaled[poor]), rich};
    scaled[rich] -= 1 - scaled[poor];
    if (scaled[rich] < 1) {
      large.pop_back();
      small.push_back(rich);
    }
  }
  // What rounding left over draws itself, but for a weight of zero, which is never drawn.
  const auto heaviest = static_cast<std::uint32_t>(std::max_element(weights.begin(), weights.end()) - weights.begin());
  for (const std::uint32_t i : small)
    entries_[i] = {weights[i] > 0 ? 1.0f : 0.0f, heaviest};
  for (const std::uint32_t i : large)
    entries_[i] = {1.0f, i};
}

}  // namespace segue::data::simulated
