// Listens to users × songs: partition by ranges of users, then each range by itself: counting sort by user, sort by
// song, merge.
#include "segue/data/interactions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <tuple>
#include <utility>

#include "host/data/partition.hpp"
#include "segue/core/error.hpp"
#include "segue/core/parallel.hpp"

namespace segue::data {
namespace {

constexpr std::int64_t kChunk = 1 << 14;
constexpr double kSecondsPerDay = 86400;

struct Listen {
  std::int32_t user;
  std::int32_t song;
  std::int32_t plays;  // < 0: skips
  float decay;
};

// Pairs of one range of users, row after row.
struct Pairs {
  std::vector<std::int32_t> songs;
  std::vector<float> streams;
  std::vector<float> strength;
  std::int64_t total_streams = 0;
  std::int64_t total_skips = 0;
};

void check_range(const char* name, double value, double least, double most) {
  if (!(value >= least && value <= most))
    throw InvalidArgument(fmt::format("{}: {} is not in {}–{}", name, value, least, most));
}

void check(const InteractionOptions& options) {
  check_range("stream_ms", options.stream_ms, 0, 24 * 60 * 60 * 1000);
  check_range("skip_weight", options.skip_weight, 0, 1000);
  check_range("half_life_days", options.half_life_days, 0, 1e6);
  check_range("log_epsilon", options.log_epsilon, 1e-6, 1e6);
  check_range("min_user_streams", options.min_user_streams, 0, 1e9);
  check_range("min_song_listeners", options.min_song_listeners, 0, 1e9);
}

void check(const ListenLog& log, std::int64_t users, std::int64_t songs) {
  const std::size_t rows = log.user.size();
  if (log.song.size() != rows || log.timestamp.size() != rows || log.ms_played.size() != rows ||
      (!log.count.empty() && log.count.size() != rows))
    throw InvalidArgument("the log's columns differ in length");
  parallel_for(log.size(), kChunk, [&](std::int64_t begin, std::int64_t end) {
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i)
      if (log.user[i] < 0 || log.user[i] >= users || log.song[i] < 0 || log.song[i] >= songs)
        throw InvalidArgument(fmt::format("listen {} is of user {} and song {}; there are {} users and {} songs", i,
                                          log.user[i], log.song[i], users, songs));
  });
}

std::pair<std::int64_t, std::int64_t> first_and_last_time(const ListenLog& log) {
  std::int64_t first = INT64_MAX, last = INT64_MIN;
  for (const std::int64_t time : log.timestamp) {
    first = std::min(first, time == ListenLog::kUnknownTime ? INT64_MAX : time);
    last = std::max(last, time);
  }
  return last == ListenLog::kUnknownTime ? std::pair<std::int64_t, std::int64_t>{0, 0} : std::pair{first, last};
}

Partition<Listen> listens_by_user(const ListenLog& log, std::int64_t users, std::int64_t last_timestamp,
                                  const InteractionOptions& options) {
  const double decay_per_second =
      options.half_life_days > 0 ? -1.0 / (options.half_life_days * kSecondsPerDay) : 0;  // log₂
  return partition<Listen>(log.size(), users, [&](std::int64_t begin, std::int64_t end, auto&& sink) {
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
      const bool stream = log.ms_played[i] == ListenLog::kUnknownDuration || log.ms_played[i] >= options.stream_ms;
      const std::int32_t count = log.count.empty() ? 1 : log.count[i];
      const bool whole = decay_per_second == 0 || log.timestamp[i] == ListenLog::kUnknownTime;
      const double decay =
          whole ? 1 : std::exp2(static_cast<double>(last_timestamp - log.timestamp[i]) * decay_per_second);
      sink(log.user[i], Listen{log.user[i], log.song[i], stream ? count : -count, static_cast<float>(decay)});
    }
  });
}

// The user's listens, merged by song, appended to `pairs`. `order` is scratch.
void merge_user(std::span<const Listen> listens, const InteractionOptions& options, std::vector<std::uint64_t>& order,
                Pairs& pairs) {
  order.clear();
  for (std::size_t i = 0; i < listens.size(); ++i)
    order.push_back(static_cast<std::uint64_t>(listens[i].song) << 32 | i);
  std::sort(order.begin(), order.end());
  for (std::size_t i = 0; i < order.size();) {
    const std::uint64_t song = order[i] >> 32;
    std::int64_t streams = 0, skips = 0;
    double streamed = 0, skipped = 0;
    for (; i < order.size() && order[i] >> 32 == song; ++i) {
      const Listen& listen = listens[order[i] & 0xffffffffu];
      (listen.plays > 0 ? streams : skips) += std::abs(listen.plays);
      (listen.plays > 0 ? streamed : skipped) += std::abs(listen.plays) * static_cast<double>(listen.decay);
    }
    const double r = streamed - options.skip_weight * skipped;
    const double scaled =
        options.confidence == Confidence::log ? std::copysign(std::log1p(std::abs(r) / options.log_epsilon), r) : r;
    pairs.songs.push_back(static_cast<std::int32_t>(song));
    pairs.streams.push_back(static_cast<float>(streams));
    pairs.strength.push_back(static_cast<float>(scaled));
    pairs.total_streams += streams;
    pairs.total_skips += skips;
  }
}

// The range's users one after the other; row_sizes [all users].
Pairs merge_part(const Partition<Listen>& listens, std::int64_t part, const InteractionOptions& options,
                 std::span<std::int64_t> row_sizes) {
  const std::int64_t first = listens.first_key(part);
  const std::span entries(listens.entries.data() + listens.begin(part), listens.entries.data() + listens.end(part));
  std::vector<std::int64_t> ends(static_cast<std::size_t>(listens.end_key(part) - first) + 1);
  for (const Listen& listen : entries)
    ++ends[static_cast<std::size_t>(listen.user - first) + 1];
  std::partial_sum(ends.begin(), ends.end(), ends.begin());
  std::vector<Listen> sorted(entries.size());
  for (const Listen& listen : entries)  // ends[i] runs from user i's beginning to its end
    sorted[static_cast<std::size_t>(ends[static_cast<std::size_t>(listen.user - first)]++)] = listen;
  Pairs pairs;
  std::vector<std::uint64_t> order;
  std::int64_t begin = 0;
  for (std::size_t i = 0; i + 1 < ends.size(); ++i) {
    const std::size_t before = pairs.songs.size();
    merge_user(std::span(sorted).subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(ends[i] - begin)),
               options, order, pairs);
    row_sizes[static_cast<std::size_t>(first) + i] = static_cast<std::int64_t>(pairs.songs.size() - before);
    begin = ends[i];
  }
  return pairs;
}

// Fills interactions.plays; the strengths of the same pairs are returned.
std::vector<float> merge_all(const Partition<Listen>& listens, const InteractionOptions& options,
                             Interactions& interactions) {
  std::vector<Pairs> parts(static_cast<std::size_t>(listens.parts()));
  Csr& plays = interactions.plays;
  plays.offsets.assign(static_cast<std::size_t>(plays.rows) + 1, 0);
  parallel_tasks(listens.parts(), [&](std::int64_t part) {
    parts[static_cast<std::size_t>(part)] = merge_part(listens, part, options, std::span(plays.offsets).subspan(1));
  });
  std::partial_sum(plays.offsets.begin(), plays.offsets.end(), plays.offsets.begin());
  for (const Pairs& part : parts) {
    interactions.streams += part.total_streams;
    interactions.skips += part.total_skips;
  }
  plays.indices.resize(static_cast<std::size_t>(plays.nonzeros()));
  plays.values.resize(plays.indices.size());
  std::vector<float> strength(plays.indices.size());
  parallel_tasks(listens.parts(), [&](std::int64_t part) {
    const Pairs pairs = std::exchange(parts[static_cast<std::size_t>(part)], {});
    const std::int64_t at = plays.offsets[static_cast<std::size_t>(listens.first_key(part))];
    std::copy(pairs.songs.begin(), pairs.songs.end(), plays.indices.begin() + at);
    std::copy(pairs.streams.begin(), pairs.streams.end(), plays.values.begin() + at);
    std::copy(pairs.strength.begin(), pairs.strength.end(), strength.begin() + at);
  });
  return strength;
}

std::vector<std::int32_t> listeners_of_songs(const CsrView& plays) {
  std::vector<std::int32_t> listeners(static_cast<std::size_t>(plays.columns));
  parallel_for(plays.nonzeros(), kChunk, [&](std::int64_t begin, std::int64_t end) {
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i)
      if (plays.values[i] > 0)
        std::atomic_ref(listeners[static_cast<std::size_t>(plays.indices[i])]).fetch_add(1, std::memory_order_relaxed);
  });
  return listeners;
}

// The pairs to train on: strength [plays.nonzeros()] without zeros and what the minima leave out.
Csr filter(const CsrView& plays, std::span<const float> strength, const InteractionOptions& options) {
  const std::vector<std::int32_t> listeners = listeners_of_songs(plays);
  const auto kept = [&](std::size_t i) {
    return listeners[static_cast<std::size_t>(plays.indices[i])] >= options.min_song_listeners;
  };
  const auto row_range = [&](std::int64_t row) {
    return std::pair{static_cast<std::size_t>(plays.offsets[static_cast<std::size_t>(row)]),
                     static_cast<std::size_t>(plays.offsets[static_cast<std::size_t>(row) + 1])};
  };
  Csr result{.rows = plays.rows, .columns = plays.columns, .offsets = {}, .indices = {}, .values = {}};
  result.offsets.assign(static_cast<std::size_t>(plays.rows) + 1, 0);
  parallel_for(plays.rows, kChunk, [&](std::int64_t begin_row, std::int64_t end_row) {
    for (std::int64_t row = begin_row; row < end_row; ++row) {
      const auto [begin, end] = row_range(row);
      double streams = 0;
      std::int64_t size = 0;
      for (std::size_t i = begin; i < end; ++i) {
        streams += kept(i) ? static_cast<double>(plays.values[i]) : 0;
        size += kept(i) && strength[i] != 0;
      }
      result.offsets[static_cast<std::size_t>(row) + 1] = streams >= options.min_user_streams ? size : 0;
    }
  });
  std::partial_sum(result.offsets.begin(), result.offsets.end(), result.offsets.begin());
  result.indices.resize(static_cast<std::size_t>(result.nonzeros()));
  result.values.resize(result.indices.size());
  parallel_for(plays.rows, kChunk, [&](std::int64_t begin_row, std::int64_t end_row) {
    for (std::int64_t row = begin_row; row < end_row; ++row) {
      if (result.view().row_size(row) == 0)
        continue;
      auto at = static_cast<std::size_t>(result.offsets[static_cast<std::size_t>(row)]);
      const auto [begin, end] = row_range(row);
      for (std::size_t i = begin; i < end; ++i) {
        if (!kept(i) || strength[i] == 0)
          continue;
        result.indices[at] = plays.indices[i];
        result.values[at++] = strength[i];
      }
    }
  });
  return result;
}

}  // namespace

Interactions build_interactions(const ListenLog& log, std::int64_t users, std::int64_t songs,
                                const InteractionOptions& options, Progress& progress) {
  check(options);
  check(log, users, songs);
  ProgressTask task(progress, "build interactions", log.size(), "listens");
  Interactions interactions;
  std::tie(interactions.first_timestamp, interactions.last_timestamp) = first_and_last_time(log);
  interactions.plays.rows = users;
  interactions.plays.columns = songs;
  std::vector<float> strength;
  {
    const Partition<Listen> listens = listens_by_user(log, users, interactions.last_timestamp, options);
    strength = merge_all(listens, options, interactions);
  }
  interactions.strength = filter(interactions.plays.view(), strength, options);
  task.advance(log.size());
  return interactions;
}

}  // namespace segue::data
