#pragma once

#include <cstdint>
#include <span>

#include "host/search/candidates.hpp"
#include "host/search/scan_kernel.hpp"
#include "segue/core/matrix.hpp"

namespace segue::evaluate {

/// Some users against some panels of songs, packed by search::pack_queries() and search::pack_rows().
struct PanelScores {
  const float* panels = nullptr;  ///< [panels][depth][search::kPanelRows]
  std::int64_t depth = 0;
  const float* users = nullptr;  ///< tile after tile, each [depth][its height]
  search::Tiles tiles;
};

/// Inner products of all users and the songs of panels [begin, end), to scores [users × (end − begin)·kPanelRows]. A
/// pair's is one chain of multiply-adds over the components in ascending order, fused where the machine can: the same
/// bits wherever the pair lies, and as inner_product() gives.
void score_panels(const PanelScores& work, std::int64_t begin, std::int64_t end, MatrixView<float> scores);
float inner_product(std::span<const float> a, std::span<const float> b);

/// Offers the scores that can be among a user's best, and returns the largest.
/// @param scores  [a multiple of kPanelRows], 64-byte aligned, of the songs from `first_song` on
float offer_best(std::span<const float> scores, std::int64_t user, std::int64_t first_song,
                 search::Candidates& candidates);

/// For each threshold, how many of the scores are greater, and how many are not less.
/// @param scores  [a multiple of kPanelRows, less than 2³¹], 64-byte aligned
void count_above(std::span<const float> scores, std::span<const float> thresholds, std::span<std::int32_t> greater,
                 std::span<std::int32_t> not_less);

}  // namespace segue::evaluate
