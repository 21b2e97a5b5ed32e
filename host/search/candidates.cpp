#include "host/search/candidates.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>

#include "host/search/packing.hpp"
#include "host/search/scan_kernel.hpp"

namespace segue::search {
namespace {

constexpr std::uint32_t kSign = 0x80000000u;
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();
// Past this q·x can overflow though the distance does not: every pair is measured.
constexpr double kGreatNorm = 1e18;

}  // namespace

Key make_key(float score, std::int64_t row) {
  const auto bits = std::bit_cast<std::uint32_t>(score + 0.0f);  // −0 and 0 are equal
  const std::uint32_t ordered = (bits & kSign) != 0 ? ~bits : bits | kSign;
  return static_cast<Key>(ordered) << 32 | static_cast<std::uint32_t>(~static_cast<std::uint32_t>(row));
}

Hit to_hit(Key key) {
  const auto ordered = static_cast<std::uint32_t>(key >> 32);
  const std::uint32_t bits = (ordered & kSign) != 0 ? ordered & ~kSign : ~ordered;
  return {std::bit_cast<float>(bits), static_cast<std::int32_t>(~static_cast<std::uint32_t>(key))};
}

Candidates::Candidates(std::int64_t queries, int k, const Limits& limits, const std::optional<Distances>& distances)
    : k_(k),
      capacity_(k + std::max(k, 16)),
      limits_(limits),
      distances_(distances),
      thresholds_(static_cast<std::size_t>(queries), kNaN),
      counts_(static_cast<std::size_t>(queries)) {
  keys_.resize(static_cast<std::size_t>(queries * capacity_));
  if (distances)
    for (std::int64_t q = 0; q < queries; ++q)
      query_norms_.push_back(norm(distances->queries.row(q)));
}

void Candidates::choose(std::span<const std::int32_t> queries) {
  chosen_ = queries;
  chosen_thresholds_.resize(queries.size());
  std::ranges::transform(queries, chosen_thresholds_.begin(),
                         [&](std::int32_t query) { return thresholds_[static_cast<std::size_t>(query)]; });
}

void Candidates::offer(std::int64_t query, std::int64_t first_place, std::uint32_t survivors, const float* scores) {
  const auto offered = static_cast<std::size_t>(query);
  const std::int64_t q = chosen_.empty() ? query : chosen_[offered];
  float& threshold = thresholds_[static_cast<std::size_t>(q)];
  std::int64_t& count = counts_[static_cast<std::size_t>(q)];
  alignas(64) float distances[kPanelRows];
  bool are_measured = false;
  for (; survivors != 0; survivors &= survivors - 1) {
    const int lane = std::countr_zero(survivors);
    const std::int64_t place = first_place + lane;
    const std::int64_t row = limits_.row_at.empty() ? place : limits_.row_at[static_cast<std::size_t>(place)];
    if (scores[lane] <= threshold || !is_allowed(q, row))
      continue;
    if (distances_ && !are_measured)
      measure(q, first_place, distances);
    are_measured = true;
    const float score = distances_ ? distances[lane] : scores[lane];
    if (std::isnan(score))
      continue;
    keys_[static_cast<std::size_t>(q * capacity_ + count++)] = make_key(score, row);
    if (count == capacity_)
      shrink(q);
  }
  if (!chosen_.empty())
    chosen_thresholds_[offered] = threshold;
}

bool Candidates::is_allowed(std::int64_t query, std::int64_t row) const {
  if (row < 0 || row >= limits_.rows || (!limits_.allow.empty() && !has_bit(limits_.allow, row)))
    return false;
  if (limits_.exclude.rows == 0)
    return true;
  const auto excluded = limits_.exclude.row_indices(
      limits_.query_ids.empty() ? limits_.first_query + query : limits_.query_ids[static_cast<std::size_t>(query)]);
  return !std::binary_search(excluded.begin(), excluded.end(), row);
}

// The same bits in any order of rows, with none of the cancellation of ‖q‖² − 2q·x + ‖x‖².
void Candidates::measure(std::int64_t query, std::int64_t first_place, float* scores) const {
  const std::int64_t rank = distances_->rank;
  const float* panel =
      distances_->panels + first_place / kPanelRows * (rank + 1) * kPanelRows + first_place % kPanelRows;
  distance_scores(distances_->queries.row(query).data(), panel, rank, scores);
}

// For distances: no row with q·x − ½‖x‖² at or under the result has a squared distance of −score or less. Such a row
// has ‖x‖ ≤ ‖q‖ + √D =: X, where D is −score rounded up, and q·x − ½‖x‖² ≥ (‖q‖² − D)/2. The scan's chain of n = rank +
// 1 terms, the last of them rounded beforehand, is off by at most γ(‖q‖X + X²/2) with γ = (n+1)u/(1 − (n+1)u), u = 2⁻²⁴
// (Higham, Accuracy and Stability of Numerical Algorithms, §3.1), and by the smallest normal number for underflow.
float Candidates::threshold_under(std::int64_t query, float score) const {
  if (!distances_ && limits_.row_at.empty())
    return score;
  if (!distances_)  // of equal scores, a later one can have the smaller row
    return score == -kInfinity ? kNaN : std::nextafter(score, -kInfinity);
  const double q = query_norms_[static_cast<std::size_t>(query)];
  if (!(q < kGreatNorm))
    return kNaN;
  const double distance = -static_cast<double>(score) * (1 + 0x1p-20);
  const double x = (q + std::sqrt(distance)) * (1 + 0x1p-20);
  const double terms = static_cast<double>(distances_->rank + 2) * 0x1p-24;
  const double error = terms / (1 - terms) * (q * x + x * x / 2) * (1 + 0x1p-20) + std::numeric_limits<float>::min();
  const auto threshold = static_cast<float>((q * q - distance) / 2 - error);
  return std::nextafter(threshold, -kInfinity);
}

void Candidates::shrink(std::int64_t query) {
  const std::span<Key> kept = best(query);
  const float worst = to_hit(*std::min_element(kept.begin(), kept.end())).score;
  thresholds_[static_cast<std::size_t>(query)] = threshold_under(query, worst);
}

std::span<Key> Candidates::best(std::int64_t query) {
  Key* keys = keys_.data() + query * capacity_;
  std::int64_t& count = counts_[static_cast<std::size_t>(query)];
  if (count > k_) {
    std::nth_element(keys, keys + k_ - 1, keys + count, std::greater<>());
    count = k_;
  }
  return {keys, static_cast<std::size_t>(count)};
}

}  // namespace segue::search
