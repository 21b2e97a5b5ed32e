#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "segue/core/date.hpp"
#include "segue/core/device.hpp"
#include "segue/core/progress.hpp"
#include "segue/playlist/playlist.hpp"

namespace segue::playlist {

struct ReleaseRadarOptions {
  Date friday{};
  int window_days = 28;          ///< releases from friday − window_days + 1 to friday, ≥ 1
  int length = 30;               ///< at most, 1–500
  int per_artist = 2;            ///< of an artist that is not followed, ≥ 1
  int similar_artists = 100;     ///< how many of the artists closest to the user count as close, 0–2048
  double min_similarity = 0.25;  ///< cosine of user and artist vector below which an artist is not close
  int min_listeners = 3;         ///< with fewer an artist is not close: its vector says little; ≥ 0
  int block_users = 2048;        ///< users worked on at a time, ≥ 1: bounds the memory
};

/// One list for each of `users` (all listeners and followers when empty), handed to `sink` in that order from the
/// calling thread: new releases of followed artists first, all of them if they fit, then of the artists closest to the
/// user's taste. Only songs with a full release date. Never a song the user has played; never an old one: a short list,
/// or an empty one, is right. The same inputs give the same lists on any number of threads and for any block_users.
/// @throws InvalidArgument  an option out of range, inputs that do not fit each other: the numbers
void make_release_radar(const Inputs& inputs, Device device, const ReleaseRadarOptions& options,
                        std::span<const std::int32_t> users, const std::function<void(const Playlist&)>& sink,
                        Progress& progress);

}  // namespace segue::playlist
