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

/// The best k rows so far of each query of a block, from scores that are offered in ascending order of rows, or in any
/// order if Limits::row_at says so.
class Candidates {
 public:
  struct Limits {
    std::int64_t first_query = 0;  ///< of the block, in `exclude`
    data::CsrView exclude;
    std::span<const std::uint64_t> allow;
    std::int64_t rows = 0;  ///< of the index: panels are padded beyond them
    /// For panels that hold the rows in an order of their own: the row at each place, −1 for none. Empty: row = place.
    std::span<const std::int32_t> row_at;
    /// For a block that is not consecutive: the place in `exclude` of each of its queries. Empty: from first_query on.
    std::span<const std::int32_t> query_ids;
  };

  /// @param distances  given: pairs are scored by their squared distance; else by the scan's score
  Candidates(std::int64_t queries, int k, const Limits& limits, const std::optional<Distances>& distances);

  /// From now on, query i of thresholds() and offer() is queries[i] of the block. The span is borrowed.
  void choose(std::span<const std::int32_t> queries);

  /// A score at or under thresholds()[query] cannot be a hit of the query. NaN while all are needed.
  const float* thresholds() const { return chosen_.empty() ? thresholds_.data() : chosen_thresholds_.data(); }

  /// @param survivors  bit i: the row at place first_place + i, of score scores[i]
  void offer(std::int64_t query, std::int64_t first_place, std::uint32_t survivors, const float* scores);

  /// The best k of the query, in no order, fewer if there are fewer.
  std::span<Key> best(std::int64_t query);

 private:
  bool is_allowed(std::int64_t query, std::int64_t row) const;
  void measure(std::int64_t query, std::int64_t first_place, float* scores) const;
  float threshold_under(std::int64_t query, float score) const;
  void shrink(std::int64_t query);

  int k_;
  std::int64_t capacity_;
  Limits limits_;
  std::optional<Distances> distances_;
  std::vector<float> thresholds_;  // of all queries of the block
  std::span<const std::int32_t> chosen_;
  std::vector<float> chosen_thresholds_;
  std::vector<double> query_norms_;  // ‖q‖, for distances
  std::vector<std::int64_t> counts_;
  AlignedVector<Key> keys_;  // [queries × capacity]
};

}  // namespace segue::search
