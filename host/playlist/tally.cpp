#include "host/playlist/tally.hpp"

#include <algorithm>

namespace segue::playlist {

void Tally::reserve(std::int64_t songs) {
  entries_.resize(static_cast<std::size_t>(songs));
}

void Tally::add(std::int32_t song, float amount, std::int32_t from) {
  Entry& entry = at(song);
  if (entry.count == 0)
    touched_.push_back(song);
  entry.score += amount;
  if (amount > entry.largest) {
    entry.largest = amount;
    entry.from = from;
  }
  ++entry.count;
}

std::span<const std::int32_t> Tally::best(int count) {
  const auto kept = std::min(static_cast<std::size_t>(count), touched_.size());
  std::partial_sort(
      touched_.begin(), touched_.begin() + static_cast<std::ptrdiff_t>(kept), touched_.end(),
      [&](std::int32_t a, std::int32_t b) { return at(a).score != at(b).score ? at(a).score > at(b).score : a < b; });
  return std::span(touched_).first(kept);
}

void Tally::clear() {
  for (const std::int32_t song : touched_)
    at(song) = {};
  touched_.clear();
}

}  // namespace segue::playlist
