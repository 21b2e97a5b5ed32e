#pragma once

#include <functional>

#include "segue/core/device.hpp"
#include "segue/core/progress.hpp"
#include "segue/playlist/playlist.hpp"

namespace segue::playlist {

struct ReleaseRadarOptions {
  Date friday;
  int window_days = 28;         ///< releases from friday − window_days + 1 to friday
  int length = 30;              ///< at most
  int per_artist = 2;           ///< of an artist that is not followed
  int similar_artists = 100;    ///< how many of the artists closest to the user count as close
  double min_similarity = 0.2;  ///< cosine of user and artist vector below which an artist is not close
  int block_users = 2048;
};

/// One list for each of `users` (all listeners and followers when empty): new releases of followed artists first, all
/// of them if they fit, then of the artists closest to the user's taste. Never a song the user has played; never an old
/// one: a short list, or an empty one, is right.
void make_release_radar(const Inputs& inputs, Device device, const ReleaseRadarOptions& options,
                        std::span<const std::int32_t> users, const std::function<void(const Playlist&)>& sink,
                        Progress& progress);

}  // namespace segue::playlist
