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

void Candidates::offer(std::int64_t query, std::int64_t first_row, std::uint32_t survivors, const float* scores) {
  const auto q = static_cast<std::size_t>(query);
  for (; survivors != 0; survivors &= survivors - 1) {
    const int lane = std::countr_zero(survivors);
    const std::int64_t row = first_row + lane;
    if (scores[lane] <= thresholds_[q] || !is_allowed(query, row))
      continue;
    const float score = !distances_ ? scores[lane] : distance_score(query, row);
    if (std::isnan(score))
      continue;
    keys_[static_cast<std::size_t>(query * capacity_ + counts_[q]++)] = make_key(score, row);
    if (counts_[q] == capacity_)
      shrink(query);
  }
}

bool Candidates::is_allowed(std::int64_t query, std::int64_t row) const {
  if (row >= limits_.rows || (!limits_.allow.empty() && !has_bit(limits_.allow, row)))
    return false;
  if (limits_.exclude.rows == 0)
    return true;
  const auto excluded = limits_.exclude.row_indices(limits_.first_query + query);
  return !std::binary_search(excluded.begin(), excluded.end(), row);
}

// −Σ(q − x)² in double: the same bits in any order of rows, with none of the cancellation of ‖q‖² − 2q·x + ‖x‖².
float Candidates::distance_score(std::int64_t query, std::int64_t row) const {
  const std::int64_t rank = distances_->rank;
  const float* x = distances_->panels + row / kPanelRows * (rank + 1) * kPanelRows + row % kPanelRows;
  const float* q = distances_->queries.row(query).data();
  double sum = 0;
  for (std::int64_t d = 0; d < rank; ++d) {
    const double difference = static_cast<double>(q[d]) - x[d * kPanelRows];
    sum += difference * difference;
  }
  return static_cast<float>(0.0 - sum);
}

// For distances: no row with q·x − ½‖x‖² at or under the result has a squared distance of −score or less. Such a row
// has ‖x‖ ≤ ‖q‖ + √D =: X, where D is −score rounded up, and q·x − ½‖x‖² ≥ (‖q‖² − D)/2. The scan's chain of n = rank +
// 1 terms, the last of them rounded beforehand, is off by at most γ(‖q‖X + X²/2) with γ = (n+1)u/(1 − (n+1)u), u = 2⁻²⁴
// (Higham, Accuracy and Stability of Numerical Algorithms, §3.1), and by the smallest normal number for underflow.
float Candidates::threshold_under(std::int64_t query, float score) const {
  if (!distances_)
    return score;
  const double q = query_norms_[static_cast<std::size_t>(query)];
  if (!(q < kGreatNorm))
    return kNaN;
  const double distance = -static_cast<double>(score) * (1 + 0x1p-20);
  const double x = (q + std::sqrt(distance)) * (1 + 0x1p-20);
  const double terms = static_cast<double>(distances_->rank + 2) * 0x1p-24;
  const double error = terms / (1 - terms) * (q * x + x * x / 2) * (1 + 0x1p-20) + std::numeric_limits<float>::min();
  const auto threshold = static_cast<float>((q * q - distance) / 2 - error);
  return std::nextafter(threshold, -std::numeric_limits<float>::infinity());
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
