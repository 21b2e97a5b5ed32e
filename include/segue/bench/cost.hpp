#pragma once

#include <cstdint>

#include "segue/als/solver.hpp"
#include "segue/bench/ceilings.hpp"
#include "segue/data/csr.hpp"

namespace segue::bench {

/// What work must at least do: bytes to and from memory, floating-point operations.
struct Cost {
  double bytes = 0;
  double flops = 0;
};

/// Of one iteration of CG, both halves. A half with N interactions, n rows of its own, rank f, s steps:
///     bytes  N·(f·sizeof(stored) + 8) + 8·n·f
///     FLOPs  N·f·(4 + 4(s − 1) + 2) + 2(s + 1)·n·f²
/// Each gathered vector counts once for all steps; rows without interactions, padding of the rank and YᵀY do not count.
Cost als_iteration_cost(const data::CsrView& by_user, const data::CsrView& by_song, const als::Options& options);

struct SearchShape {
  std::int64_t rows = 0;
  std::int64_t queries = 0;
  std::int64_t rank = 0;
  std::int64_t k = 0;
};

/// Of one exact search: 2·queries·rows·rank FLOPs; the vectors once as the device holds them, queries and hits.
/// @param value_bytes  of what is scanned: 4; 2 where the device scans 16-bit copies
Cost search_cost(const SearchShape& shape, std::int64_t value_bytes);

/// The time that `cost` takes at the ceilings, and whichever bound it. A program can beat it where a cache holds what
/// is counted as read from memory.
struct Floor {
  double seconds = 0;
  bool by_memory = false;  ///< else by arithmetic
};
Floor floor_of(const Cost& cost, const Ceilings& ceilings);

}  // namespace segue::bench
