#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "host/playlist/candidates.hpp"

namespace segue::playlist {

/// Sums many contributions to few songs out of many. One for each thread: 16 bytes a song.
class Tally {
 public:
  struct Entry {
    float score = 0;
    float largest = 0;       ///< single contribution
    std::int32_t from = 0;   ///< where that came from
    std::int32_t count = 0;  ///< contributions
  };

  /// @param amount  > 0
  void add(std::int32_t song, float amount, std::int32_t from);
  Entry& at(std::int32_t song) { return entries_[static_cast<std::size_t>(song)]; }

  /// Songs added since the last clear(), in that order.
  std::span<const std::int32_t> touched() const { return touched_; }
  /// The `count` best by score, ties by row.
  std::span<const std::int32_t> best(int count);
  void clear();
  /// Makes room for rows 0 to songs − 1.
  void reserve(std::int64_t songs);

 private:
  std::vector<Entry> entries_;
  std::vector<std::int32_t> touched_;
};

}  // namespace segue::playlist
