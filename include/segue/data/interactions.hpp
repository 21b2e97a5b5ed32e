#pragma once

#include <cstdint>

#include "segue/core/progress.hpp"
#include "segue/data/csr.hpp"
#include "segue/data/listens.hpp"

namespace segue::data {

enum class Confidence { linear, log };

/// How listens become the r of c = 1 + alpha·|r| (Hu, Koren & Volinsky 2008, §3).
struct InteractionOptions {
  int stream_ms = 30000;      ///< a listen of at least this many milliseconds is a stream; a shorter one, a skip
  double skip_weight = 0.1;   ///< what a skip takes from r, in streams, ≥ 0
  double half_life_days = 0;  ///< a listen this long before the last one counts half; 0: all count alike
  Confidence confidence = Confidence::linear;  ///< log: r becomes sign(r)·log(1 + |r|/log_epsilon), their eq. 6
  double log_epsilon = 1;                      ///< > 0
  int min_user_streams = 1;    ///< users with fewer streams are not trained on (they get a cold-start list)
  int min_song_listeners = 1;  ///< songs that fewer users streamed are not trained on
};

/// Users × songs, made from a log. Every pair that occurs is in `plays`; the two others are by the same rows.
struct Interactions {
  Csr strength;  ///< r: > 0 interest (p = 1), < 0 more skips than streams (p = 0 with confidence 1 + alpha·|r|); no
                 ///< zeros
  Csr plays;  ///< every song the user ever played, skips too; value: number of streams, 0 where there were only skips
  std::int64_t streams = 0;
  std::int64_t skips = 0;
  std::int64_t first_timestamp = 0;  ///< of the log, seconds since 1970; both 0 when no listen has a time
  std::int64_t last_timestamp = 0;
};

/// @param users, songs  the matrix's shape: at least the rows in the log
/// @throws InvalidArgument  an option out of range
Interactions build_interactions(const ListenLog& log, std::int64_t users, std::int64_t songs,
                                const InteractionOptions& options, Progress& progress);

}  // namespace segue::data
