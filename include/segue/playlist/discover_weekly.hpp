#pragma once

#include <functional>
#include <vector>

#include "segue/core/device.hpp"
#include "segue/core/progress.hpp"
#include "segue/playlist/playlist.hpp"

namespace segue::playlist {

struct DiscoverWeeklyOptions {
  int length = 30;          ///< songs, 1–500
  int per_artist = 2;       ///< at most this many songs of one artist
  int candidates = 300;     ///< asked of each source, ≥ length
  double weight_als = 1.0;  ///< of each source in the blend, ≥ 0; 0 switches it off
  double weight_similar_songs = 0.6;
  double weight_group = 0.5;
  double weight_similar_users = 0.4;
  double weight_artist = 0.2;
  int block_users = 2048;  ///< users worked on at a time: bounds the memory
};

/// Songs a user was given in earlier weeks: users × songs pattern, may have 0 rows.
/// Makes one list for each of `users` (rows; all listeners when empty) and hands them to `sink` in that order, from one
/// thread. Never a song the user has played, skipped or been given; at most per_artist of an artist; full length unless
/// the catalogue has too little left. A user without streams gets what is popular, marked cold_start.
/// The same inputs give the same lists on any number of threads.
void make_discover_weekly(const Inputs& inputs, Device device, const DiscoverWeeklyOptions& options,
                          const data::CsrView& given_before, std::span<const std::int32_t> users,
                          const std::function<void(const Playlist&)>& sink, Progress& progress);

}  // namespace segue::playlist
