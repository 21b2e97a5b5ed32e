// The inner loop of exact search and of evaluation: the inner products of a tile of queries and a pass of a panel's
// rows. Highway's "-inl" header: compiled once for each target, by whoever includes it after foreach_target.h.
#if defined(SEGUE_SEARCH_TILE_PRODUCT_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef SEGUE_SEARCH_TILE_PRODUCT_INL_HPP
#undef SEGUE_SEARCH_TILE_PRODUCT_INL_HPP
#else
#define SEGUE_SEARCH_TILE_PRODUCT_INL_HPP
#endif

#include <hwy/highway.h>

#include <cstdint>

#include "host/search/scan_kernel.hpp"

HWY_BEFORE_NAMESPACE();
namespace segue::search {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Lanes = hn::CappedTag<float, kPanelRows / 2>;
using Vector = hn::Vec<Lanes>;
inline constexpr Lanes kLanes;
inline constexpr std::int64_t kWidth = hn::MaxLanes(kLanes);
inline constexpr std::int64_t kPass = 2 * kWidth;  // rows of a panel multiplied at once

/// left[q] and right[q]: query q times the first and the second kWidth rows of the pass, each product one chain of
/// multiply-adds over the components in ascending order.
/// Registers: height × 2 vectors of sums, 2 of rows, 1 broadcast: 12 × 2 + 3 of 32 with AVX-512 (panel in one pass),
///            6 × 2 + 3 of 16 with AVX2 (two passes of 16 rows).
/// FLOPs:     a component costs 24 FMAs and 14 loads with AVX-512, 12 and 8 with AVX2: the FMAs are the limit.
/// @param queries  [depth][kHeight]
/// @param rows     a panel, [depth][kPanelRows], from the pass's first row on
template <int kHeight>
HWY_INLINE HWY_ATTR void multiply_tile(const float* HWY_RESTRICT queries, const float* HWY_RESTRICT rows,
                                       std::int64_t depth, Vector (&left)[kHeight], Vector (&right)[kHeight]) {
  HWY_UNROLL(16)
  for (int q = 0; q < kHeight; ++q)
    left[q] = right[q] = hn::Zero(kLanes);
  HWY_UNROLL(2)
  for (std::int64_t d = 0; d < depth; ++d, rows += kPanelRows, queries += kHeight) {
    const Vector x0 = hn::Load(kLanes, rows);
    const Vector x1 = hn::Load(kLanes, rows + kWidth);
    HWY_UNROLL(16)
    for (int q = 0; q < kHeight; ++q) {
      const Vector element = hn::Set(kLanes, queries[q]);
      left[q] = hn::MulAdd(element, x0, left[q]);
      right[q] = hn::MulAdd(element, x1, right[q]);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace segue::search
HWY_AFTER_NAMESPACE();

#endif
