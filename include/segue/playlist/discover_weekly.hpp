#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "segue/core/date.hpp"
#include "segue/core/device.hpp"
#include "segue/core/progress.hpp"
#include "segue/playlist/playlist.hpp"

namespace segue::playlist {

struct DiscoverWeeklyOptions {
  /// Songs released after it are left out; a song without a full date counts as released. None: no check.
  std::optional<Date> monday = {};
  int length = 30;             ///< songs, 1–500
  int per_artist = 2;          ///< at most this many songs of one artist, ≥ 1
  double known_artists = 0.5;  ///< at most this part of a list by artists the user streams, while others are left; 0–1
  int artist_songs = 2;        ///< seats kept for Source::artist, 0–500: songs without a vector enter by it alone
  int candidates = 300;        ///< asked of each source, from length to 2048
  double weight_als = 1.0;     ///< of each source in the blend, ≥ 0; 0 switches it off
  double weight_similar_songs = 0.6;
  double weight_group = 0.5;
  double weight_similar_users = 0.4;
  double weight_artist = 0.2;
  int block_users = 2048;  ///< users worked on at a time, ≥ 1: bounds the memory
};

/// Makes one list for each of `users` (rows; all listeners when empty) and hands them to `sink` in that order, from the
/// calling thread. Never a song the user has played, skipped or been given, nor one with the same artist and title;
/// none released after the Monday; at most per_artist of an artist; full length unless too little is left. A user
/// without streams, or without a vector, gets songs of followed artists and then what is popular, marked cold_start.
/// The same inputs give the same lists on any number of threads and for any block_users.
/// @param given_before  songs a user was given in earlier weeks: users × songs pattern, may have fewer rows
/// @throws InvalidArgument  an option out of range, inputs that do not fit each other: the numbers
void make_discover_weekly(const Inputs& inputs, Device device, const DiscoverWeeklyOptions& options,
                          const data::CsrView& given_before, std::span<const std::int32_t> users,
                          const std::function<void(const Playlist&)>& sink, Progress& progress);

}  // namespace segue::playlist
