// Listens to users × songs: runs sorted by user, in memory or on disk, then range after range of users: partition,
// counting sort by user, sort by song, merge.
#include "segue/data/interactions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <numeric>
#include <tuple>
#include <utility>

#include "host/data/listen_runs.hpp"
#include "host/data/partition.hpp"
#include "host/data/spill_file.hpp"
#include "segue/core/error.hpp"
#include "segue/core/parallel.hpp"

namespace segue::data {
namespace {

constexpr std::int64_t kChunk = 1 << 14;
constexpr double kSecondsPerDay = 86400;

// Pairs of some users, row after row.
struct Pairs {
  std::vector<std::int32_t> songs;
  std::vector<float> streams;
  std::vector<float> strength;
  InteractionTotals totals;
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

void check(const ListenLog& log) {
  const std::size_t rows = log.user.size();
  if (log.song.size() != rows || log.timestamp.size() != rows || log.ms_played.size() != rows ||
      (!log.count.empty() && log.count.size() != rows))
    throw InvalidArgument("the log's columns differ in length");
  for (std::size_t i = 0; i < rows; ++i)
    if (log.user[i] < 0 || log.song[i] < 0)
      throw InvalidArgument(fmt::format("listen {} is of user {} and song {}", i, log.user[i], log.song[i]));
}

// What the merging of a log's listens depends on.
struct Merging {
  const InteractionOptions& options;
  bool counted = false;             // the log counts plays
  std::int64_t last_timestamp = 0;  // decay begins there

  double decay(std::int64_t timestamp) const {
    if (options.half_life_days == 0 || timestamp == ListenLog::kUnknownTime)
      return 1;
    const double days = static_cast<double>(last_timestamp - timestamp) / kSecondsPerDay;
    return std::exp2(-days / options.half_life_days);
  }
  bool is_stream(const Listen& listen) const {
    return listen.ms_played == ListenLog::kUnknownDuration || listen.ms_played >= options.stream_ms;
  }
};

auto facts_of(const Listen& listen) {
  return std::tuple(listen.timestamp, listen.ms_played, listen.count);
}

// One user's listens of one song, without duplicates. Sorts `listens`.
void merge_pair(std::span<Listen> listens, const Merging& merging, Pairs& pairs) {
  if (listens.size() > 1)
    std::ranges::sort(listens, {}, facts_of);
  std::int64_t streams = 0;
  double streamed = 0, skipped = 0;
  for (std::size_t i = 0; i < listens.size(); ++i) {
    const Listen& listen = listens[i];
    const bool tells_plays_apart = listen.timestamp != ListenLog::kUnknownTime || merging.counted;
    if (i > 0 && tells_plays_apart && facts_of(listen) == facts_of(listens[i - 1])) {
      ++pairs.totals.duplicates;
      continue;
    }
    const bool stream = merging.is_stream(listen);
    streams += stream ? listen.count : 0;
    (stream ? pairs.totals.streams : pairs.totals.skips) += listen.count;
    (stream ? streamed : skipped) += listen.count * merging.decay(listen.timestamp);
  }
  const InteractionOptions& options = merging.options;
  const double r = streamed - options.skip_weight * skipped;
  const double scaled =
      options.confidence == Confidence::log ? std::copysign(std::log1p(std::abs(r) / options.log_epsilon), r) : r;
  pairs.songs.push_back(listens[0].song);
  pairs.streams.push_back(static_cast<float>(streams));
  pairs.strength.push_back(static_cast<float>(scaled));
}

// Buffers of merge_user().
struct MergeScratch {
  std::vector<std::uint64_t> order;
  std::vector<Listen> listens;
};

// The user's listens, merged by song, appended to `pairs`.
void merge_user(std::span<const Listen> listens, const Merging& merging, MergeScratch& scratch, Pairs& pairs) {
  scratch.order.clear();
  for (std::size_t i = 0; i < listens.size(); ++i)
    scratch.order.push_back(static_cast<std::uint64_t>(listens[i].song) << 32 | i);
  std::sort(scratch.order.begin(), scratch.order.end());
  for (std::size_t i = 0; i < scratch.order.size();) {
    const std::uint64_t song = scratch.order[i] >> 32;
    scratch.listens.clear();
    for (; i < scratch.order.size() && scratch.order[i] >> 32 == song; ++i)
      scratch.listens.push_back(listens[scratch.order[i] & 0xffffffffu]);
    merge_pair(scratch.listens, merging, pairs);
  }
}

// The part's users one after the other; row_sizes [the range's users].
Pairs merge_part(const Partition<Listen>& listens, std::int64_t part, const Merging& merging, std::int64_t first_user,
                 std::span<std::int64_t> row_sizes) {
  const std::int64_t first = listens.first_key(part);
  const std::span entries(listens.entries.data() + listens.begin(part), listens.entries.data() + listens.end(part));
  std::vector<std::int64_t> ends(static_cast<std::size_t>(listens.end_key(part) - first) + 1);
  const auto row_of = [&](const Listen& listen) { return static_cast<std::size_t>(listen.user - first_user - first); };
  for (const Listen& listen : entries)
    ++ends[row_of(listen) + 1];
  std::partial_sum(ends.begin(), ends.end(), ends.begin());
  std::vector<Listen> sorted(entries.size());
  for (const Listen& listen : entries)  // ends[i] runs from user i's beginning to its end
    sorted[static_cast<std::size_t>(ends[row_of(listen)]++)] = listen;
  Pairs pairs;
  MergeScratch scratch;
  std::int64_t begin = 0;
  for (std::size_t i = 0; i + 1 < ends.size(); ++i) {
    const std::size_t before = pairs.songs.size();
    merge_user(std::span(sorted).subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(ends[i] - begin)),
               merging, scratch, pairs);
    row_sizes[static_cast<std::size_t>(first) + i] = static_cast<std::int64_t>(pairs.songs.size() - before);
    begin = ends[i];
  }
  return pairs;
}

// The listens of users [first, end), in their parts.
Partition<Listen> partition_range(const ListenRuns& runs, std::int64_t first, std::int64_t end,
                                  AlignedVector<Listen>& scratch) {
  const std::vector<std::span<const Listen>> pieces = runs.range(first, end, scratch);
  std::vector<std::int64_t> begins{0};
  for (const std::span<const Listen> piece : pieces)
    begins.push_back(begins.back() + static_cast<std::int64_t>(piece.size()));
  return partition<Listen>(begins.back(), end - first, [&](std::int64_t from, std::int64_t to, auto&& sink) {
    auto piece = static_cast<std::size_t>(std::ranges::upper_bound(begins, from) - begins.begin()) - 1;
    for (std::int64_t i = from; i < to; ++piece) {
      const std::int64_t stop = std::min(to, begins[piece + 1]);
      for (; i < stop; ++i) {
        const Listen& listen = pieces[piece][static_cast<std::size_t>(i - begins[piece])];
        sink(listen.user - first, listen);
      }
    }
  });
}

void add_totals(const InteractionTotals& part, InteractionTotals& totals) {
  totals.duplicates += part.duplicates;
  totals.streams += part.streams;
  totals.skips += part.skips;
}

struct Listeners {
  std::int32_t streamed = 0;  // users
  bool played = false;
};

void count_listeners(std::span<const std::int32_t> songs, std::span<const float> streams,
                     std::vector<Listeners>& listeners) {
  parallel_for(static_cast<std::int64_t>(songs.size()), kChunk, [&](std::int64_t begin, std::int64_t end) {
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
      Listeners& song = listeners[static_cast<std::size_t>(songs[i])];
      std::atomic_ref(song.played).store(true, std::memory_order_relaxed);
      if (streams[i] > 0)
        std::atomic_ref(song.streamed).fetch_add(1, std::memory_order_relaxed);
    }
  });
}

std::vector<bool> songs_heard(const std::vector<Listeners>& listeners) {
  std::vector<bool> heard;
  for (const Listeners& song : listeners)
    heard.push_back(song.played);
  return heard;
}

// The pairs to train on: strength [plays.nonzeros()] without zeros and what the minima leave out.
Csr filter(const CsrView& plays, std::span<const float> strength, const std::vector<Listeners>& listeners,
           const InteractionOptions& options) {
  const auto kept = [&](std::size_t i) {
    return listeners[static_cast<std::size_t>(plays.indices[i])].streamed >= options.min_song_listeners;
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

// One of the pairs of a spilled log.
struct SpilledPair {
  std::int32_t song;
  float streams;
  float strength;
};

}  // namespace

struct InteractionsBuilder::Impl {
  // The runs get half of the memory, and the matrices of a log that fits are no larger than it; a range is held three
  // times while it is merged.
  Impl(const InteractionOptions& wanted, std::int64_t memory_bytes, std::filesystem::path folder)
      : options(wanted),
        range_listens(std::clamp<std::int64_t>(memory_bytes / 400, 1 << 10, 1 << 21)),
        spill_folder(std::move(folder)),
        runs(memory_bytes * 2 / 5, spill_folder) {
    check(options);
  }

  void add(const ListenLog& batch) {
    check(batch);
    merging.counted |= !batch.count.empty();
    for (const std::int64_t time : batch.timestamp) {
      first_timestamp = std::min(first_timestamp, time == ListenLog::kUnknownTime ? INT64_MAX : time);
      last_timestamp = std::max(last_timestamp, time);
    }
    if (!batch.song.empty())
      songs = std::max(songs, 1 + std::int64_t{*std::ranges::max_element(batch.song)});
    runs.add(batch);
  }

  InteractionTotals begin(std::int64_t users, std::int64_t all_songs) {
    runs.finish();
    if (runs.users() > users || songs > all_songs)
      throw InvalidArgument(fmt::format("the log has {} users and {} songs; the matrix is to be {} × {}", runs.users(),
                                        songs, users, all_songs));
    InteractionTotals totals;
    totals.listens = runs.size();
    if (last_timestamp != ListenLog::kUnknownTime) {
      totals.first_timestamp = first_timestamp;
      totals.last_timestamp = last_timestamp;
    }
    merging.last_timestamp = totals.last_timestamp;
    return totals;
  }

  // Calls sink(first user, pairs of each part, number of listens) range after range. row_sizes [all users].
  template <class Sink>
  void merge(std::span<std::int64_t> row_sizes, Progress& progress, Sink&& sink) {
    ProgressTask task(progress, "build interactions", runs.size(), "listens");
    AlignedVector<Listen> scratch;
    for (std::int64_t first = 0, end = 0; first < runs.users(); first = end) {
      end = runs.end_of_range(first, range_listens);
      const Partition<Listen> listens = partition_range(runs, first, end, scratch);
      const std::span sizes = row_sizes.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(end - first));
      std::vector<Pairs> parts(static_cast<std::size_t>(listens.parts()));
      parallel_tasks(listens.parts(), [&](std::int64_t part) {
        parts[static_cast<std::size_t>(part)] = merge_part(listens, part, merging, first, sizes);
      });
      const auto count = static_cast<std::int64_t>(listens.entries.size());
      sink(parts, count);
      task.advance(count);
    }
  }

  Interactions build(std::int64_t users, std::int64_t all_songs, Progress& progress);
  std::vector<float> build_plays(Interactions& interactions, Progress& progress);
  InteractionTotals write(std::int64_t users, std::int64_t all_songs, const std::filesystem::path& folder,
                          Progress& progress);
  template <class Visit>
  void for_each_block(const SpillFile& spill, std::span<const std::int64_t> offsets, std::int64_t all_songs,
                      Visit&& visit) const;

  InteractionOptions options;
  std::int64_t range_listens;
  std::filesystem::path spill_folder;
  ListenRuns runs;
  Merging merging{options};
  std::int64_t first_timestamp = INT64_MAX, last_timestamp = ListenLog::kUnknownTime;
  std::int64_t songs = 0;
};

// Fills interactions.plays; the strengths of the same pairs are returned.
std::vector<float> InteractionsBuilder::Impl::build_plays(Interactions& interactions, Progress& progress) {
  Csr& plays = interactions.plays;
  plays.offsets.assign(static_cast<std::size_t>(plays.rows) + 1, 0);
  std::vector<float> strength;
  std::int64_t merged = 0;
  merge(std::span(plays.offsets).subspan(1), progress, [&](const std::vector<Pairs>& parts, std::int64_t count) {
    std::vector<std::size_t> at{strength.size()};
    for (const Pairs& part : parts) {
      add_totals(part.totals, interactions);
      at.push_back(at.back() + part.songs.size());
    }
    merged += count;
    // By the share of the listens that these pairs came from: growth by doubling would hold twice what is large.
    const double expected = 1.03 * static_cast<double>(at.back()) * static_cast<double>(runs.size()) /
                            static_cast<double>(std::max<std::int64_t>(merged, 1));
    const auto grow = [&](auto& column) {
      if (at.back() > column.capacity())
        column.reserve(std::max(at.back(), static_cast<std::size_t>(expected)));
      column.resize(at.back());
    };
    grow(plays.indices);
    grow(plays.values);
    grow(strength);
    parallel_tasks(static_cast<std::int64_t>(parts.size()), [&](std::int64_t i) {
      const Pairs& part = parts[static_cast<std::size_t>(i)];
      const auto to = static_cast<std::ptrdiff_t>(at[static_cast<std::size_t>(i)]);
      std::ranges::copy(part.songs, plays.indices.begin() + to);
      std::ranges::copy(part.streams, plays.values.begin() + to);
      std::ranges::copy(part.strength, strength.begin() + to);
    });
  });
  std::partial_sum(plays.offsets.begin(), plays.offsets.end(), plays.offsets.begin());
  return strength;
}

Interactions InteractionsBuilder::Impl::build(std::int64_t users, std::int64_t all_songs, Progress& progress) {
  Interactions interactions;
  static_cast<InteractionTotals&>(interactions) = begin(users, all_songs);
  interactions.plays.rows = users;
  interactions.plays.columns = all_songs;
  const std::vector<float> strength = build_plays(interactions, progress);
  runs.clear();
  std::vector<Listeners> listeners(static_cast<std::size_t>(all_songs));
  count_listeners(interactions.plays.indices, interactions.plays.values, listeners);
  interactions.pairs = interactions.plays.nonzeros();
  interactions.heard = songs_heard(listeners);
  interactions.strength = filter(interactions.plays.view(), strength, listeners, options);
  return interactions;
}

// Blocks of whole rows: visit(first row, pattern with streams as values, strengths).
template <class Visit>
void InteractionsBuilder::Impl::for_each_block(const SpillFile& spill, std::span<const std::int64_t> offsets,
                                               std::int64_t all_songs, Visit&& visit) const {
  const auto rows = static_cast<std::int64_t>(offsets.size()) - 1;
  std::vector<SpilledPair> pairs;
  std::vector<float> strength;
  for (std::int64_t first = 0, end = 0; first < rows; first = end) {
    const std::int64_t begin = offsets[static_cast<std::size_t>(first)];
    end = std::max(first + 1, std::ranges::upper_bound(offsets, begin + range_listens) - offsets.begin() - 1);
    const auto count = static_cast<std::size_t>(offsets[static_cast<std::size_t>(end)] - begin);
    pairs.resize(count);
    spill.read(begin * static_cast<std::int64_t>(sizeof(SpilledPair)), std::as_writable_bytes(std::span(pairs)));
    Csr block;
    block.rows = end - first;
    block.columns = all_songs;
    for (std::int64_t row = first; row < end; ++row)
      block.offsets.push_back(offsets[static_cast<std::size_t>(row) + 1] - begin);
    block.indices.reserve(count);
    block.values.reserve(count);
    strength.clear();
    for (const SpilledPair& pair : pairs) {
      block.indices.push_back(pair.song);
      block.values.push_back(pair.streams);
      strength.push_back(pair.strength);
    }
    visit(first, block, strength);
  }
}

InteractionTotals InteractionsBuilder::Impl::write(std::int64_t users, std::int64_t all_songs,
                                                   const std::filesystem::path& folder, Progress& progress) {
  InteractionTotals totals = begin(users, all_songs);
  std::vector<std::int64_t> offsets(static_cast<std::size_t>(users) + 1);
  std::vector<Listeners> listeners(static_cast<std::size_t>(all_songs));
  SpillFile spill(spill_folder);
  merge(std::span(offsets).subspan(1), progress, [&](const std::vector<Pairs>& parts, std::int64_t) {
    std::vector<SpilledPair> pairs;
    for (const Pairs& part : parts) {
      add_totals(part.totals, totals);
      count_listeners(part.songs, part.streams, listeners);
      pairs.clear();
      for (std::size_t i = 0; i < part.songs.size(); ++i)
        pairs.push_back({part.songs[i], part.streams[i], part.strength[i]});
      spill.append(std::as_bytes(std::span(pairs)));
    }
  });
  runs.clear();
  std::partial_sum(offsets.begin(), offsets.end(), offsets.begin());
  totals.pairs = offsets.back();
  totals.heard = songs_heard(listeners);

  std::vector<std::int64_t> kept_offsets(offsets.size());
  CsrWriter plays(folder, "plays", all_songs, offsets, true);
  for_each_block(spill, offsets, all_songs, [&](std::int64_t first, const Csr& block, std::span<const float> strength) {
    plays.write(block.indices, block.values);
    const Csr kept = filter(block.view(), strength, listeners, options);
    for (std::int64_t row = 0; row < kept.rows; ++row)
      kept_offsets[static_cast<std::size_t>(first + row) + 1] = kept.view().row_size(row);
  });
  plays.commit();
  std::partial_sum(kept_offsets.begin(), kept_offsets.end(), kept_offsets.begin());
  CsrWriter writer(folder, "strength", all_songs, kept_offsets, true);
  for_each_block(spill, offsets, all_songs, [&](std::int64_t, const Csr& block, std::span<const float> strength) {
    const Csr kept = filter(block.view(), strength, listeners, options);
    writer.write(kept.indices, kept.values);
  });
  writer.commit();
  return totals;
}

InteractionsBuilder::InteractionsBuilder(const InteractionOptions& options, std::int64_t memory_bytes,
                                         std::filesystem::path spill_folder)
    : impl_(std::make_unique<Impl>(options, memory_bytes, std::move(spill_folder))) {}

InteractionsBuilder::~InteractionsBuilder() = default;

void InteractionsBuilder::add(const ListenLog& batch) {
  impl_->add(batch);
}

bool InteractionsBuilder::spilled() const {
  return impl_->runs.spilled();
}

Interactions InteractionsBuilder::build(std::int64_t users, std::int64_t songs, Progress& progress) {
  return impl_->build(users, songs, progress);
}

InteractionTotals InteractionsBuilder::write(std::int64_t users, std::int64_t songs,
                                             const std::filesystem::path& folder, Progress& progress) {
  return impl_->write(users, songs, folder, progress);
}

Interactions build_interactions(const ListenLog& log, std::int64_t users, std::int64_t songs,
                                const InteractionOptions& options, Progress& progress) {
  InteractionsBuilder builder(options, INT64_MAX / 8, {});
  builder.add(log);
  return builder.build(users, songs, progress);
}

}  // namespace segue::data
