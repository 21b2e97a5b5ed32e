#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "segue/core/progress.hpp"
#include "segue/data/csr.hpp"
#include "segue/data/listens.hpp"

namespace segue::data {

enum class Confidence { linear, log };

/// How listens become the r of c = 1 + alpha·|r| (Hu, Koren & Volinsky 2008, §3).
struct InteractionOptions {
  int stream_ms = 30000;  ///< a listen of at least this many milliseconds (0–24 h) is a stream; a shorter one, a skip
  double skip_weight = 0.1;   ///< what a skip takes from r, in streams, 0–1000
  double half_life_days = 0;  ///< a listen this long before the last one counts half, up to 10⁶; 0: all count alike. A
                              ///< listen without a time counts whole
  Confidence confidence = Confidence::linear;  ///< log: r becomes sign(r)·log(1 + |r|/log_epsilon), their eq. 6
  double log_epsilon = 1;                      ///< 10⁻⁶–10⁶
  int min_user_streams = 1;    ///< users with fewer streams, of the songs that remain, are not trained on (they get a
                               ///< cold-start list), ≥ 0
  int min_song_listeners = 1;  ///< songs that fewer users streamed are not trained on, ≥ 0. Songs go first, then users,
                               ///< once: a song that stays may lose listeners by it
};

/// What a log came to.
struct InteractionTotals {
  std::int64_t listens = 0;     ///< given, duplicates too
  std::int64_t duplicates = 0;  ///< dropped: see InteractionsBuilder
  std::int64_t streams = 0;
  std::int64_t skips = 0;
  std::int64_t pairs = 0;            ///< of user and song
  std::vector<bool> heard;           ///< [songs] played by anybody
  std::int64_t first_timestamp = 0;  ///< seconds since 1970; both 0 when no listen has a time
  std::int64_t last_timestamp = 0;
};

/// Users × songs, made from a log. Every pair that occurs is in `plays`, and in `strength` what is trained on:
///     r = Σ streams·decay − skip_weight · Σ skips·decay,   decay = 2^−(days before the last listen / half_life_days)
struct Interactions : InteractionTotals {
  /// r, or its logarithm: > 0 interest (p = 1), < 0 more skips than streams (p = 0 with confidence 1 + alpha·|r|); no
  /// zeros.
  Csr strength;
  /// Every song the user ever played, skips too; value: number of streams, 0 where there were only skips.
  Csr plays;
};

/// Builds interactions from a log that comes in batches, in any order: the result depends on the set of listens and
/// nothing else. Listens that are the same in user, song, time, ms_played and count are duplicates, and one of them
/// counts; where there is no time they are only in a log that counts plays: else each row is a play of its own.
class InteractionsBuilder {
 public:
  /// @param memory_bytes  what this may hold, the matrices included; when the log is more, it is spilled to disk, 24
  ///                      bytes a listen, and only write() can follow
  /// @param spill_folder  where to
  /// @throws InvalidArgument  an option out of range
  InteractionsBuilder(const InteractionOptions& options, std::int64_t memory_bytes, std::filesystem::path spill_folder);
  ~InteractionsBuilder();
  InteractionsBuilder(const InteractionsBuilder&) = delete;
  InteractionsBuilder& operator=(const InteractionsBuilder&) = delete;

  /// @throws InvalidArgument  columns of different lengths, a negative row;  IoError  while spilling
  void add(const ListenLog& batch);
  /// Whether the log has been too large for memory_bytes; asked before build() and write().
  bool spilled() const;

  /// The matrices in memory. Once, after the last add().
  /// @param users, songs  the matrices' shape: at least the rows in the log
  /// @throws InvalidArgument  a row outside the shape
  Interactions build(std::int64_t users, std::int64_t songs, Progress& progress);

  /// The same to files in `folder`, as write_csr() names them, in memory_bytes: the stems strength and plays.
  /// @throws InvalidArgument, IoError
  InteractionTotals write(std::int64_t users, std::int64_t songs, const std::filesystem::path& folder,
                          Progress& progress);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Of a log in memory.
Interactions build_interactions(const ListenLog& log, std::int64_t users, std::int64_t songs,
                                const InteractionOptions& options, Progress& progress);

}  // namespace segue::data
