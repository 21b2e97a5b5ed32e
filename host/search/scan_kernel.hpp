#pragma once

#include <cstdint>
#include <span>

namespace segue::search {

class Candidates;

/// Rows of one panel: [depth][kPanelRows] floats, one cache line pair a component. Part of the file format: two AVX-512
/// registers, or twice two AVX2 registers, or eight times four lanes.
constexpr std::int64_t kPanelRows = 32;

/// Queries are cut into tiles of nearly equal height, each of which fills the registers of this machine.
class Tiles {
 public:
  explicit Tiles(std::int64_t queries);
  std::int64_t count() const { return count_; }
  std::int64_t first(std::int64_t tile) const { return queries_ * tile / count_; }
  std::int64_t height(std::int64_t tile) const { return first(tile + 1) - first(tile); }

 private:
  std::int64_t queries_;
  std::int64_t count_;
};

/// Some queries against some panels.
struct Scan {
  const float* panels = nullptr;         ///< [all panels][depth][kPanelRows]
  std::int64_t depth = 0;                ///< components of a packed row
  std::int64_t begin = 0, end = 0;       ///< panels to visit, in ascending order
  std::span<const std::uint64_t> allow;  ///< panels with no bit set are passed over; empty: none is
  const float* queries = nullptr;        ///< tile after tile, each [depth][its height]: see Tiles
  Tiles tiles;
};

/// Offers to `candidates` each pair whose score is not at or under the query's threshold. The score of a pair is one
/// chain of fused multiply-adds over the components in ascending order: the same bits wherever the pair lies.
void scan(const Scan& work, Candidates& candidates);

/// −Σ(q − x)² of the rows that scan() offers together, up to kPanelRows: each a sum in double over the components in
/// ascending order, rounded once.
/// @param panel   from the first of these rows on, [rank][kPanelRows]
/// @param scores  [kPanelRows]
void distance_scores(const float* query, const float* panel, std::int64_t rank, float* scores);

}  // namespace segue::search
