// Scores of a block of users with some songs, and how many of them are above those of the held-out songs.
//
//     s[u][i] = Σ_d user[d][u] · panel[d][i]      greater[j] = |{i : s[u][i] > t[j]}|      not_less[j] = … ≥ t[j]
//
// FLOPs:  floor 2 · users · songs · rank, at two vector FMAs a cycle. A score is stored once, and costs two comparisons
//         and two additions of a lane for each held-out song of its user that the largest score nearby is not under:
//         at 10 of them and rank 128, at most a third of the instructions of the FMAs.
// Bytes:  song panels from memory once for each block of users; the block's users (64 KiB at rank 128) and its scores
//         (256 KiB, host/evaluate/evaluate.cpp) stay in L2. No users × songs matrix.
#include "host/evaluate/rank_kernel.hpp"

#include <algorithm>
#include <array>
#include <utility>

// As in host/search/scan_kernel.cpp, whose panels and tiles these are.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3_DL)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "host/evaluate/rank_kernel.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h comes before the others
#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include "host/search/tile_product-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace segue::evaluate {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using search::kPanelRows;
using search::HWY_NAMESPACE::kLanes;
using search::HWY_NAMESPACE::kPass;
using search::HWY_NAMESPACE::kWidth;
using search::HWY_NAMESPACE::Lanes;
using search::HWY_NAMESPACE::Vector;
using CountLanes = hn::RebindToSigned<Lanes>;
constexpr CountLanes kCountLanes;
constexpr int kMaxHeight = 12;  // of search::Tiles, on any machine

template <int kHeight>
HWY_ATTR void score_tile(const float* HWY_RESTRICT users, const float* HWY_RESTRICT panel, std::int64_t depth,
                         float* HWY_RESTRICT scores, std::int64_t stride) {
  for (std::int64_t column = 0; column < kPanelRows; column += kPass) {
    Vector left[kHeight], right[kHeight];
    search::HWY_NAMESPACE::multiply_tile(users, panel + column, depth, left, right);
    HWY_UNROLL(16)
    for (int u = 0; u < kHeight; ++u) {
      hn::Store(left[u], kLanes, scores + u * stride + column);
      hn::Store(right[u], kLanes, scores + u * stride + column + kWidth);
    }
  }
}

using ScoreTile = decltype(&score_tile<1>);

template <int... kHeights>
constexpr std::array<ScoreTile, sizeof...(kHeights)> score_tiles(std::integer_sequence<int, kHeights...>) {
  return {&score_tile<kHeights + 1>...};
}

HWY_ATTR void score_panels_simd(const PanelScores& work, std::int64_t begin, std::int64_t end,
                                MatrixView<float> scores) {
  static constexpr auto kScoreTile = score_tiles(std::make_integer_sequence<int, kMaxHeight>{});
  for (std::int64_t p = begin; p < end; ++p) {
    const float* panel = work.panels + p * work.depth * kPanelRows;
    for (std::int64_t t = 0; t < work.tiles.count(); ++t) {
      const std::int64_t first = work.tiles.first(t);
      kScoreTile[static_cast<std::size_t>(work.tiles.height(t) - 1)](
          work.users + first * work.depth, panel, work.depth,
          scores.data() + first * scores.stride() + (p - begin) * kPanelRows, scores.stride());
    }
  }
}

HWY_ATTR float inner_product_simd(const float* a, const float* b, std::size_t size) {
  const hn::CappedTag<float, 1> one;
  auto sum = hn::Zero(one);
  for (std::size_t d = 0; d < size; ++d)
    sum = hn::MulAdd(hn::Set(one, a[d]), hn::Set(one, b[d]), sum);
  return hn::GetLane(sum);
}

/// Bit i: not (scores[i] ≤ threshold), for the scores of a panel.
HWY_ATTR std::uint32_t above(const float* scores, Vector threshold) {
  std::uint32_t survivors = 0;
  for (std::int64_t lane = 0; lane < kPanelRows; lane += kWidth) {
    std::uint8_t bits[8] = {};
    hn::StoreMaskBits(kLanes, hn::Not(hn::Le(hn::Load(kLanes, scores + lane), threshold)), bits);
    survivors |= static_cast<std::uint32_t>(bits[0] | bits[1] << 8) << lane;
  }
  return survivors;
}

HWY_ATTR float offer_best_simd(const float* scores, std::int64_t songs, std::int64_t user, std::int64_t first_song,
                               search::Candidates& candidates) {
  Vector largest = hn::Load(kLanes, scores);
  for (std::int64_t i = 0; i < songs; i += kPanelRows) {
    const Vector threshold = hn::Set(kLanes, candidates.thresholds()[user]);
    Vector panel = hn::Load(kLanes, scores + i);
    for (std::int64_t lane = kWidth; lane < kPanelRows; lane += kWidth)
      panel = hn::Max(panel, hn::Load(kLanes, scores + i + lane));
    largest = hn::Max(largest, panel);
    if (HWY_UNLIKELY(!hn::AllTrue(kLanes, hn::Le(panel, threshold))))
      candidates.offer(user, first_song + i, above(scores + i, threshold), scores + i);
  }
  return hn::GetLane(hn::MaxOfLanes(kLanes, largest));
}

template <int kThresholds>
HWY_ATTR void count_thresholds(const float* HWY_RESTRICT scores, std::int64_t songs, const float* thresholds,
                               std::int32_t* greater, std::int32_t* not_less) {
  hn::Vec<CountLanes> above_count[kThresholds], equal_count[kThresholds];
  Vector threshold[kThresholds];
  for (int j = 0; j < kThresholds; ++j) {
    above_count[j] = equal_count[j] = hn::Zero(kCountLanes);
    threshold[j] = hn::Set(kLanes, thresholds[j]);
  }
  const auto one = hn::Set(kCountLanes, 1);
  for (std::int64_t i = 0; i < songs; i += kWidth) {
    const Vector score = hn::Load(kLanes, scores + i);
    HWY_UNROLL(8)
    for (int j = 0; j < kThresholds; ++j) {
      const auto is_above = hn::RebindMask(kCountLanes, hn::Gt(score, threshold[j]));
      const auto is_not_less = hn::RebindMask(kCountLanes, hn::Ge(score, threshold[j]));
      above_count[j] = hn::IfThenElse(is_above, hn::Add(above_count[j], one), above_count[j]);
      equal_count[j] = hn::IfThenElse(is_not_less, hn::Add(equal_count[j], one), equal_count[j]);
    }
  }
  for (int j = 0; j < kThresholds; ++j) {
    greater[j] = hn::GetLane(hn::SumOfLanes(kCountLanes, above_count[j]));
    not_less[j] = hn::GetLane(hn::SumOfLanes(kCountLanes, equal_count[j]));
  }
}

HWY_ATTR void count_above_simd(const float* scores, std::int64_t songs, const float* thresholds, std::int64_t count,
                               std::int32_t* greater, std::int32_t* not_less) {
  std::int64_t j = 0;
  for (; j + 4 <= count; j += 4)
    count_thresholds<4>(scores, songs, thresholds + j, greater + j, not_less + j);
  for (; j < count; ++j)
    count_thresholds<1>(scores, songs, thresholds + j, greater + j, not_less + j);
}

}  // namespace HWY_NAMESPACE
}  // namespace segue::evaluate
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace segue::evaluate {

HWY_EXPORT(score_panels_simd);
HWY_EXPORT(inner_product_simd);
HWY_EXPORT(offer_best_simd);
HWY_EXPORT(count_above_simd);

void score_panels(const PanelScores& work, std::int64_t begin, std::int64_t end, MatrixView<float> scores) {
  HWY_DYNAMIC_DISPATCH(score_panels_simd)(work, begin, end, scores);
}

float inner_product(std::span<const float> a, std::span<const float> b) {
  return HWY_DYNAMIC_DISPATCH(inner_product_simd)(a.data(), b.data(), a.size());
}

float offer_best(std::span<const float> scores, std::int64_t user, std::int64_t first_song,
                 search::Candidates& candidates) {
  return HWY_DYNAMIC_DISPATCH(offer_best_simd)(scores.data(), static_cast<std::int64_t>(scores.size()), user,
                                               first_song, candidates);
}

void count_above(std::span<const float> scores, std::span<const float> thresholds, std::span<std::int32_t> greater,
                 std::span<std::int32_t> not_less) {
  HWY_DYNAMIC_DISPATCH(count_above_simd)
  (scores.data(), static_cast<std::int64_t>(scores.size()), thresholds.data(),
   static_cast<std::int64_t>(thresholds.size()), greater.data(), not_less.data());
}

}  // namespace segue::evaluate
#endif
