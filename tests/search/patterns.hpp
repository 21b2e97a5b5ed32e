#pragma once

#include <cstdint>
#include <vector>

#include "segue/core/random.hpp"
#include "segue/data/csr.hpp"
#include "segue/search/index.hpp"

namespace segue::search {

/// Each element with the probability `share`.
inline data::Csr random_pattern(std::int64_t rows, std::int64_t columns, double share, std::uint64_t seed) {
  data::Csr pattern{.rows = rows, .columns = columns};
  for (std::int64_t row = 0; row < rows; ++row) {
    Random random(seed, static_cast<std::uint64_t>(row));
    for (std::int32_t column = 0; column < columns; ++column)
      if (random.uniform() < share)
        pattern.indices.push_back(column);
    pattern.offsets.push_back(static_cast<std::int64_t>(pattern.indices.size()));
  }
  return pattern;
}

inline std::vector<std::uint64_t> random_mask(std::int64_t rows, double share, std::uint64_t seed) {
  std::vector<std::uint64_t> mask = make_mask(rows);
  Random random(seed);
  for (std::int64_t row = 0; row < rows; ++row)
    if (random.uniform() < share)
      set_bit(mask, row);
  return mask;
}

}  // namespace segue::search
