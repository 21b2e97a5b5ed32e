#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "segue/core/date.hpp"
#include "segue/playlist/playlist.hpp"

namespace segue::playlist {

/// What all sources ask of the songs, worked out once for all users.
struct SongFacts {
  /// @param monday  songs released after it may not be given; none: any may
  explicit SongFacts(const Inputs& inputs, std::optional<Date> monday = {});

  /// Songs of the catalogue that are out, or those of the log where there is no catalogue.
  bool may_be_given(std::int32_t song) const { return givable_[static_cast<std::size_t>(song)]; }

  /// An artist's songs that may be given: most listeners first, then newest, then by row.
  std::span<const std::int32_t> songs_of(std::int32_t artist) const;

  std::vector<std::int32_t> listeners;      ///< users who streamed it, by song
  std::vector<std::int32_t> by_popularity;  ///< the songs that may be given: most listeners first, then by row
  /// Twins have the same artist and title (but for ASCII case and spaces around it): the same recording is often in a
  /// catalogue twice, on a single and on an album. By song: the first of its twins, and the next of them, from the last
  /// on to the first.
  std::vector<std::int32_t> first_twin, next_twin;

 private:
  void find_twins(const Inputs& inputs);
  void sort_songs_of_artists(const Inputs& inputs);

  std::vector<bool> givable_;
  std::vector<std::int64_t> artist_offsets_;
  std::vector<std::int32_t> artist_songs_;
};

}  // namespace segue::playlist
