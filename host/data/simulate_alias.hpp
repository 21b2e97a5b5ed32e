#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "segue/core/random.hpp"

namespace segue::data::simulated {

/// Draws indices in proportion to weights, one table look-up a draw (Walker 1977; built as Vose 1991).
class Alias {
 public:
  Alias() = default;
  /// @param weights  non-negative; where all are zero the table is empty
  explicit Alias(std::span<const double> weights);

  bool empty() const { return entries_.empty(); }
  std::size_t draw(Random& random) const {
    const double x = random.uniform() * static_cast<double>(entries_.size());
    const std::size_t slot = static_cast<std::size_t>(x);
    return x - static_cast<double>(slot) < entries_[slot].keep ? slot : entries_[slot].other;
  }

 private:
  struct Entry {
    float keep = 1;
    std::uint32_t other = 0;
  };
  std::vector<Entry> entries_;
};

}  // namespace segue::data::simulated
