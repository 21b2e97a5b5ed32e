// Scores of a tile of queries with the 32 rows of a panel, and what of them can still be a hit.
//
//     s[q][x] = Σ_d query[d][q] · panel[d][x]          kept in registers; compared with threshold[q]; never stored
//
// FLOPs:  floor 2 · queries · rows · depth at two vector FMAs a cycle: tile_product-inl.hpp.
// Bytes:  panels are read from memory once for each block of queries (about 500 of them: rows · depth · 4 B, some
//         2% of the time) and stay in L1 while the block's tiles pass over them from L2.
#include "host/search/scan_kernel.hpp"

#include <array>
#include <utility>

#include "host/search/candidates.hpp"

// Builds for machines without SSE4, with SSE4, AVX2 and AVX-512; others would only cost compile time.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3_DL)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "host/search/scan_kernel.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h comes before the others
#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include "host/search/tile_product-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace segue::search {
namespace HWY_NAMESPACE {

constexpr int kMaxHeight = kWidth == 16 ? 12 : kWidth == 8 ? 6 : 4;

using Scores = float[kMaxHeight][kPass];

/// The slow way out: some score of the tile passed its threshold.
HWY_NOINLINE HWY_ATTR void offer_survivors(const Scores& scores, int height, std::int64_t first_query,
                                           std::int64_t first_row, Candidates& candidates) {
  for (int q = 0; q < height; ++q) {
    const Vector threshold = hn::Set(kLanes, candidates.thresholds()[first_query + q]);
    std::uint32_t survivors = 0;
    for (std::int64_t half = 0; half < 2; ++half) {
      const auto under = hn::Le(hn::Load(kLanes, scores[q] + half * kWidth), threshold);
      std::uint8_t bits[8] = {};
      hn::StoreMaskBits(kLanes, hn::Not(under), bits);
      survivors |= static_cast<std::uint32_t>(bits[0] | bits[1] << 8) << (half * kWidth);
    }
    if (survivors != 0)
      candidates.offer(first_query + q, first_row, survivors, scores[q]);
  }
}

template <int kHeight>
HWY_ATTR void scan_tile(const float* HWY_RESTRICT queries, const float* HWY_RESTRICT panel, std::int64_t depth,
                        std::int64_t first_query, std::int64_t first_row, Candidates& candidates) {
  for (std::int64_t column = 0; column < kPanelRows; column += kPass) {
    Vector left[kHeight], right[kHeight];
    multiply_tile(queries, panel + column, depth, left, right);
    const float* thresholds = candidates.thresholds() + first_query;
    auto all_under = hn::Le(left[0], hn::Set(kLanes, thresholds[0]));
    HWY_UNROLL(16)
    for (int q = 0; q < kHeight; ++q) {
      const Vector threshold = hn::Set(kLanes, thresholds[q]);
      all_under = hn::And(all_under, hn::And(hn::Le(left[q], threshold), hn::Le(right[q], threshold)));
    }
    if (HWY_LIKELY(hn::AllTrue(kLanes, all_under)))
      continue;
    alignas(64) Scores scores;
    HWY_UNROLL(16)
    for (int q = 0; q < kHeight; ++q) {
      hn::Store(left[q], kLanes, scores[q]);
      hn::Store(right[q], kLanes, scores[q] + kWidth);
    }
    offer_survivors(scores, kHeight, first_query, first_row + column, candidates);
  }
}

using ScanTile = decltype(&scan_tile<1>);

template <int... kHeights>
constexpr std::array<ScanTile, sizeof...(kHeights)> scan_tiles(std::integer_sequence<int, kHeights...>) {
  return {&scan_tile<kHeights + 1>...};
}

/// The tiles of a panel fetch the next one between them. A single tile leaves that to the hardware: 10 queries of rank
/// 128 take 9.0 ms instead of 12.9.
HWY_ATTR void prefetch_share(const float* next_panel, std::int64_t floats, std::int64_t tile, std::int64_t tiles) {
  const std::int64_t share = tiles > 1 ? (floats + tiles - 1) / tiles : 0;
  for (std::int64_t i = 0; i < share; i += 64 / static_cast<std::int64_t>(sizeof(float)))
    hwy::Prefetch(next_panel + tile * share + i);
}

HWY_ATTR void scan_panels(const Scan& work, Candidates& candidates) {
  static constexpr auto kScanTile = scan_tiles(std::make_integer_sequence<int, kMaxHeight>{});
  const Tiles& tiles = work.tiles;
  const std::int64_t panel_floats = work.depth * kPanelRows;
  for (std::int64_t p = work.begin; p < work.end; ++p) {
    if (!work.allow.empty() &&
        static_cast<std::uint32_t>(work.allow[static_cast<std::size_t>(p / 2)] >> (p % 2 * kPanelRows)) == 0)
      continue;
    const float* panel = work.panels + p * panel_floats;
    for (std::int64_t t = 0; t < tiles.count(); ++t) {
      prefetch_share(panel + panel_floats, panel_floats, t, tiles.count());
      const std::int64_t first = tiles.first(t);
      kScanTile[static_cast<std::size_t>(tiles.height(t) - 1)](work.queries + first * work.depth, panel, work.depth,
                                                               first, p * kPanelRows, candidates);
    }
  }
}

HWY_ATTR void measure_pass(const float* query, const float* panel, std::int64_t rank, float* scores) {
  const hn::CappedTag<double, kPanelRows / 4> wide;
  const hn::Rebind<float, decltype(wide)> narrow;
  constexpr std::int64_t kLength = hn::MaxLanes(wide);
  constexpr std::int64_t kSums = kPass / kLength;
  hn::Vec<decltype(wide)> sums[kSums];
  for (auto& sum : sums)
    sum = hn::Zero(wide);
  for (std::int64_t d = 0; d < rank; ++d) {
    const auto q = hn::Set(wide, static_cast<double>(query[d]));
    HWY_UNROLL(4)
    for (std::int64_t i = 0; i < kSums; ++i) {
      const auto x = hn::PromoteTo(wide, hn::Load(narrow, panel + d * kPanelRows + i * kLength));
      const auto difference = hn::Sub(q, x);
      sums[i] = hn::Add(sums[i], hn::Mul(difference, difference));
    }
  }
  for (std::int64_t i = 0; i < kSums; ++i)
    hn::Store(hn::DemoteTo(narrow, hn::Sub(hn::Zero(wide), sums[i])), narrow, scores + i * kLength);
}

int max_height() {
  return kMaxHeight;
}

}  // namespace HWY_NAMESPACE
}  // namespace segue::search
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace segue::search {

HWY_EXPORT(scan_panels);
HWY_EXPORT(measure_pass);
HWY_EXPORT(max_height);

Tiles::Tiles(std::int64_t queries) : queries_(queries) {
  const std::int64_t height = HWY_DYNAMIC_DISPATCH(max_height)();
  count_ = (queries + height - 1) / height;
}

void scan(const Scan& work, Candidates& candidates) {
  HWY_DYNAMIC_DISPATCH(scan_panels)(work, candidates);
}

void distance_scores(const float* query, const float* panel, std::int64_t rank, float* scores) {
  HWY_DYNAMIC_DISPATCH(measure_pass)(query, panel, rank, scores);
}

}  // namespace segue::search
#endif
