#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "segue/core/date.hpp"
#include "segue/core/progress.hpp"

namespace segue::data {

/// A listening log with known truth: listeners and songs in a latent taste space; artists of a dozen genres with
/// albums; power-law popularity and log-normal activity; sessions by hour and weekday; favourites that come back; skips
/// where taste and song disagree; new releases, some of them announced for the Friday after the log; follows.
/// About 2.5% of the users have skips only, one listen only, or follows only.
struct SimulateOptions {
  std::int64_t users = 1000;      ///< 1 to 2³¹ − 1
  std::int64_t artists = 400;     ///< 1 to songs
  std::int64_t songs = 4000;      ///< 1 to 2³¹ − 1
  std::int64_t listens = 100000;  ///< about this many, users to 120·users·days; the exact number is in the result
  int taste_dimensions = 8;       ///< of the latent space, 1–64
  int days = 150;                 ///< length of the log, 1–36,500
  Date last_day = Date{std::chrono::year{2026} / 5 / 31};  ///< the log's last day, UTC; the log lies within 1990–2100
  double cold_song_fraction = 0.1;                         ///< songs that nobody has played yet, 0–0.95
  std::uint64_t seed = 1;
  std::string compression = "gz";  ///< of the tables: "none", "gz" or "zst"
};

struct SimulateResult {
  std::int64_t listens = 0;
  std::int64_t streams = 0;
  std::int64_t follows = 0;
  std::int64_t bytes = 0;  ///< of all files
};

/// Writes listens (user_id, song_id, timestamp, ms_played, context; sorted by user, then time), songs, artists,
/// follows, and truth/{users,songs}.npy with ids.tsv (the latent vectors, of unit length: their inner product is how
/// well a song fits), into `directory`. The same options give the same bytes on any number of threads. Memory: the
/// catalogue, the latent vectors, and a bounded number of users' listens. When it throws, it leaves nothing in the
/// directory.
/// @throws InvalidArgument  an option out of range;  OutOfMemory;  IoError;  BadInput  the directory is not empty
SimulateResult simulate_log(const std::filesystem::path& directory, const SimulateOptions& options, Progress& progress);

}  // namespace segue::data
