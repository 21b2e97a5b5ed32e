#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace segue::evaluate {

/// Counts for many thresholds at once how many scores are greater, and how many are not less: by a table from score to
/// threshold, some ten cycles a score that is not under all of them, however many there are.
class ThresholdTable {
 public:
  ThresholdTable() = default;
  /// @param thresholds  descending, at least one
  explicit ThresholdTable(std::span<const float> thresholds);

  /// Adds to nothing: greater and not_less [thresholds] are overwritten.
  void count(std::span<const float> scores, std::span<const float> thresholds, std::span<std::int32_t> greater,
             std::span<std::int32_t> not_less) const;

 private:
  std::int32_t bucket(float score) const;

  float lowest_ = 0;
  float scale_ = 0;
  std::vector<std::int32_t> first_;  // bucket → first threshold that a score in it can reach
};

/// Where the held-out songs of one user stand among all candidates.
class HeldOutRanks {
 public:
  /// @param scores  of the songs, by the scorer that count() gets its scores from
  HeldOutRanks(std::span<const std::int32_t> songs, std::span<const float> scores);

  /// Every score exactly once, in any order of calls; −∞ for what is no candidate.
  /// @param largest  of the scores
  void count(std::span<const float> scores, std::int64_t first_song, float largest);

  /// From 1, ascending; ties by ascending row.
  std::vector<std::int64_t> ranks() const;
  /// Over pairs of a held-out song and another candidate.
  double auc(std::int64_t candidates) const;

 private:
  struct Place {
    std::int64_t greater = 0;       // candidates with a higher score
    std::int64_t equal = 0;         // with the same score, itself among them
    std::int64_t equal_before = 0;  // and a lower row
  };

  std::vector<std::int32_t> songs_;  // by score, best first
  std::vector<float> thresholds_;    // their scores
  std::vector<Place> places_;
  std::vector<std::int32_t> greater_, not_less_;  // of one call
  ThresholdTable table_;                          // where there are many
};

}  // namespace segue::evaluate
