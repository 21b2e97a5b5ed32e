#pragma once

#include <cstdint>
#include <list>
#include <vector>

#include "segue/data/csr.hpp"
#include "segue/data/interactions.hpp"
#include "segue/data/listens.hpp"
#include "segue/evaluate/metrics.hpp"
#include "segue/evaluate/split.hpp"

namespace segue::evaluate {

/// What all trials with the same interaction options train on and are scored on.
struct TuneData {
  data::InteractionOptions options;
  int number = 0;  ///< of the split, see get()
  Split split;     ///< its users thinned, its train.plays gone
  data::Csr by_song;
  SongStatistics songs;

  std::int64_t bytes() const;
};

/// What trials share whatever their options.
struct TuneDataSummary {
  SplitCounts counts;          ///< before users were thinned
  std::int64_t evaluated = 0;  ///< users
  double mean_songs = 0;       ///< in training, of users who have any
  double mean_users = 0;       ///< of songs that anybody streams
  bool has_skips = false;
  bool has_repeats = false;  ///< somebody streams a song more than once
};

/// Makes TuneData, and keeps what was used last within some memory.
class TuneDataCache {
 public:
  /// @param log         borrowed
  /// @param first       what the summary is of
  /// @param most_users  evaluated; 0: all
  /// @param room_bytes  one is kept, however large
  TuneDataCache(const data::ListenLog& log, std::int64_t users, std::int64_t songs, const SplitOptions& split,
                const data::InteractionOptions& first, std::int64_t most_users, std::int64_t room_bytes);

  const TuneDataSummary& summary() const { return summary_; }
  std::int64_t users() const { return users_; }
  std::int64_t songs() const { return songs_; }

  /// @param number  0: the validation part of SplitOptions; others: another draw of the same kind from what the test
  ///                part leaves, so that no songs of the test part are in any; by time there is only the first
  /// @return  good until the next call
  /// @throws Error  these options hold out other songs than others did in the same split
  const TuneData& get(const data::InteractionOptions& options, int number);

 private:
  TuneData make(const data::InteractionOptions& options, int number);
  Split split(const data::InteractionOptions& options, int number) const;
  void summarise(const TuneData& data);
  void forget_oldest();

  const data::ListenLog& log_;
  std::int64_t users_, songs_;
  SplitOptions split_;
  std::int64_t most_users_, room_bytes_;
  TuneDataSummary summary_;
  int held_out_number_ = -1;
  std::vector<std::int32_t> held_out_;  // in the split made last, whatever the options
  std::list<TuneData> kept_;            // last used first
};

}  // namespace segue::evaluate
