#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "segue/core/aligned.hpp"
#include "segue/core/matrix.hpp"
#include "segue/data/csr.hpp"
#include "segue/search/index.hpp"

namespace segue::search {

/// A score and a row as one number: more is better, and of equal scores the smaller row is.
using Key = std::uint64_t;
Key make_key(float score, std::int64_t row);
Hit to_hit(Key key);

/// For Metric::l2, whose scan gives q·x − ½‖x‖²: good enough to leave pairs out by, too inexact to report.
struct Distances {
  const float* panels = nullptr;  ///< [panels][rank + 1][kPanelRows]
  std::int64_t rank = 0;
  MatrixView<const float> queries;  ///< of the block
};

/// The best k rows so far of each query of a block, from scores that are offered in ascending order of rows.
class Candidates {
 public:
  struct Limits {
    std::int64_t first_query = 0;  ///< of the block, in `exclude`
    data::CsrView exclude;
    std::span<const std::uint64_t> allow;
    std::int64_t rows = 0;  ///< of the index: panels are padded beyond them
  };

  /// @param distances  given: pairs are scored by their squared distance; else by the scan's score
  Candidates(std::int64_t queries, int k, const Limits& limits, const std::optional<Distances>& distances);

  /// A score at or under thresholds()[query] cannot be a hit of the query. NaN while all are needed.
  const float* thresholds() const { return thresholds_.data(); }

  /// @param survivors  bit i: row first_row + i, of score scores[i]
  void offer(std::int64_t query, std::int64_t first_row, std::uint32_t survivors, const float* scores);

  /// The best k of the query, in no order, fewer if there are fewer.
  std::span<Key> best(std::int64_t query);

 private:
  bool is_allowed(std::int64_t query, std::int64_t row) const;
  float distance_score(std::int64_t query, std::int64_t row) const;
  float threshold_under(std::int64_t query, float score) const;
  void shrink(std::int64_t query);

  int k_;
  std::int64_t capacity_;
  Limits limits_;
  std::optional<Distances> distances_;
  std::vector<float> thresholds_;
  std::vector<double> query_norms_;  // ‖q‖, for distances
  std::vector<std::int64_t> counts_;
  AlignedVector<Key> keys_;  // [queries × capacity]
};

}  // namespace segue::search
