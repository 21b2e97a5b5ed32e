#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "segue/core/date.hpp"
#include "segue/core/progress.hpp"

namespace segue::data {

/// A listening log with known truth: listeners and songs in a latent taste space; artists with albums; power-law
/// popularity and log-normal activity; sessions by hour and weekday; skips where taste and song disagree; new releases;
/// follows.
struct SimulateOptions {
  std::int64_t users = 1000;
  std::int64_t artists = 400;
  std::int64_t songs = 4000;
  std::int64_t listens = 100000;                           ///< about this many; the exact number is in the result
  int taste_dimensions = 8;                                ///< of the latent space, 1–64
  int days = 150;                                          ///< length of the log
  Date last_day = Date{std::chrono::year{2026} / 5 / 31};  ///< the log's last day, UTC
  double cold_song_fraction = 0.1;                         ///< songs that nobody has played yet
  std::uint64_t seed = 1;
  std::string compression = "gz";  ///< of the tables: "none", "gz" or "zst"
};

struct SimulateResult {
  std::int64_t listens = 0;
  std::int64_t streams = 0;
  std::int64_t follows = 0;
  std::int64_t bytes = 0;
};

/// Writes listens (user_id, song_id, timestamp, ms_played, context; sorted by user, then time), songs, artists,
/// follows, and truth/{users,songs}.npy with ids.tsv (the latent vectors), into `directory`. The same options give the
/// same bytes on any number of threads. Memory: the catalogue, and a bounded number of users' listens.
/// @throws InvalidArgument  an option out of range;  IoError;  BadInput  the directory exists and is not empty
SimulateResult simulate_log(const std::filesystem::path& directory, const SimulateOptions& options, Progress& progress);

}  // namespace segue::data
