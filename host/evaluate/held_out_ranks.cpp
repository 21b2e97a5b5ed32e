#include "host/evaluate/held_out_ranks.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "host/evaluate/rank_kernel.hpp"

namespace segue::evaluate {
namespace {

constexpr std::size_t kFewThresholds = 64;  // as many are compared with each score
constexpr std::int32_t kBuckets = 1024;

}  // namespace

ThresholdTable::ThresholdTable(std::span<const float> thresholds) : lowest_(thresholds.back()), first_(kBuckets) {
  const float scale = static_cast<float>(kBuckets) / (thresholds.front() - lowest_);
  scale_ = std::isfinite(scale) ? scale : 0;
  // bucket() does not fall as the score grows, so thresholds in higher buckets are greater than the score.
  std::size_t above = 0;
  for (std::int32_t b = kBuckets - 1; b >= 0; --b) {
    while (above < thresholds.size() && bucket(thresholds[above]) > b)
      ++above;
    first_[static_cast<std::size_t>(b)] = static_cast<std::int32_t>(above);
  }
}

std::int32_t ThresholdTable::bucket(float score) const {
  return static_cast<std::int32_t>(std::min((score - lowest_) * scale_, static_cast<float>(kBuckets - 1)));
}

void ThresholdTable::count(std::span<const float> scores, std::span<const float> thresholds,
                           std::span<std::int32_t> greater, std::span<std::int32_t> not_less) const {
  std::fill(greater.begin(), greater.end(), 0);
  std::fill(not_less.begin(), not_less.end(), 0);
  for (const float score : scores) {
    if (!(score >= lowest_))
      continue;
    auto j = static_cast<std::size_t>(first_[static_cast<std::size_t>(bucket(score))]);
    while (thresholds[j] > score)  // the lowest is not
      ++j;
    ++not_less[j];
    while (j < thresholds.size() && thresholds[j] == score)
      ++j;
    if (j < thresholds.size())
      ++greater[j];
  }
  std::partial_sum(greater.begin(), greater.end(), greater.begin());
  std::partial_sum(not_less.begin(), not_less.end(), not_less.begin());
}

HeldOutRanks::HeldOutRanks(std::span<const std::int32_t> songs, std::span<const float> scores)
    : places_(songs.size()), greater_(songs.size()), not_less_(songs.size()) {
  std::vector<std::size_t> order(songs.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return scores[a] != scores[b] ? scores[a] > scores[b] : songs[a] < songs[b];
  });
  for (const std::size_t i : order) {
    songs_.push_back(songs[i]);
    thresholds_.push_back(scores[i]);
  }
  if (songs.size() > kFewThresholds)
    table_ = ThresholdTable(thresholds_);
}

void HeldOutRanks::count(std::span<const float> scores, std::int64_t first_song, float largest) {
  std::size_t first = 0;
  if (songs_.size() > kFewThresholds) {
    if (largest >= thresholds_.back())
      table_.count(scores, thresholds_, greater_, not_less_);
    else
      first = songs_.size();
  } else {
    // No score here reaches the thresholds above the largest.
    while (first < songs_.size() && thresholds_[first] > largest)
      ++first;
    count_above(scores, std::span(thresholds_).subspan(first), std::span(greater_).subspan(first),
                std::span(not_less_).subspan(first));
  }
  for (std::size_t j = first; j < songs_.size(); ++j) {
    Place& place = places_[j];
    const std::int64_t equal = not_less_[j] - greater_[j];
    place.greater += greater_[j];
    place.equal += equal;
    if (equal == 0 || songs_[j] < first_song)
      continue;
    const auto before = std::min(static_cast<std::int64_t>(scores.size()), songs_[j] - first_song);
    place.equal_before += before == static_cast<std::int64_t>(scores.size())
                              ? equal
                              : std::count(scores.begin(), scores.begin() + before, thresholds_[j]);
  }
}

std::vector<std::int64_t> HeldOutRanks::ranks() const {
  std::vector<std::int64_t> ranks;
  for (const Place& place : places_)
    ranks.push_back(1 + place.greater + place.equal_before);
  return ranks;  // ascending, as the places are by score, then row
}

double HeldOutRanks::auc(std::int64_t candidates) const {
  const auto held_out = static_cast<std::int64_t>(places_.size());
  const std::int64_t others = candidates - held_out;
  if (others == 0)
    return 1;
  double in_order = 0;
  for (std::int64_t j = 0; j < held_out; ++j) {
    const Place& place = places_[static_cast<std::size_t>(j)];
    const auto [begin, end] = std::equal_range(thresholds_.begin(), thresholds_.end(),
                                               thresholds_[static_cast<std::size_t>(j)], std::greater<>());
    const std::int64_t above = place.greater - (begin - thresholds_.begin());
    const std::int64_t equal = place.equal - (end - begin);
    in_order += static_cast<double>(others - above) - 0.5 * static_cast<double>(equal);
  }
  return in_order / (static_cast<double>(held_out) * static_cast<double>(others));
}

}  // namespace segue::evaluate
