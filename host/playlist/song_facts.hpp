#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "segue/playlist/playlist.hpp"

namespace segue::playlist {

/// What all sources ask of the songs, worked out once for all users.
struct SongFacts {
  explicit SongFacts(const Inputs& inputs);

  /// An artist's songs that may be given: most listeners first, then newest, then by row.
  std::span<const std::int32_t> songs_of(std::int32_t artist) const;

  std::vector<std::int32_t> listeners;      ///< users who streamed it, by song
  std::vector<std::int32_t> by_popularity;  ///< the songs that may be given: most listeners first, then by row
  /// Twins have the same artist and title (but for ASCII case): the same recording is often in a catalogue twice, on a
  /// single and on an album. By song: the first of its twins, and the next of them, from the last on to the first.
  std::vector<std::int32_t> first_twin, next_twin;

 private:
  void find_twins(const Inputs& inputs);
  void sort_songs_of_artists(const Inputs& inputs);

  std::vector<std::int64_t> artist_offsets_;
  std::vector<std::int32_t> artist_songs_;
};

}  // namespace segue::playlist
