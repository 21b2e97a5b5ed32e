#include "segue/evaluate/split.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "host/evaluate/split_pairs.hpp"
#include "segue/core/date.hpp"
#include "segue/core/error.hpp"
#include "segue/core/text.hpp"

namespace segue::evaluate {
namespace {

constexpr std::pair<std::string_view, Protocol> kProtocols[] = {
    {"leave-k-out", Protocol::leave_k_out}, {"time", Protocol::time}, {"strong", Protocol::strong}};

void check_range(const char* name, double value, double least, double most) {
  if (!(value >= least && value <= most))
    throw InvalidArgument(fmt::format("split: {} is {}, expected {} to {}", name, value, least, most));
}

void check(const SplitOptions& options) {
  switch (options.protocol) {
    case Protocol::leave_k_out:
      check_range("k", options.k, 1, 1e6);
      check_range("min_songs", options.min_songs, options.k + 1.0, 1e9);
      break;
    case Protocol::strong:
      check_range("min_songs", options.min_songs, 2, 1e9);
      check_range("held_out_users", options.held_out_users, 1e-6, 0.5);
      check_range("held_out_songs", options.held_out_songs, 1e-6, 1 - 1e-6);
      break;
    case Protocol::time:
      if (options.test_from != 0 && options.validation_from != 0 && options.validation_from >= options.test_from)
        throw InvalidArgument(fmt::format("split: validation_from is {}, expected a time before test_from, {}",
                                          format_timestamp(options.validation_from),
                                          format_timestamp(options.test_from)));
  }
}

void require_users(const Split& split, const SplitOptions& options) {
  if (!split.users.empty())
    return;
  if (options.protocol == Protocol::time)
    throw BadInput(
        fmt::format("split: nobody who streamed before {} streams another song afterwards ({} users stream only "
                    "then): choose an earlier time",
                    format_timestamp(split.counts.from), split.counts.users_without_training));
  throw BadInput(
      fmt::format("split: no user has the {} songs that evaluation needs ({} have fewer): lower min_songs, or hold out "
                  "less",
                  options.min_songs, split.counts.users_with_few_songs));
}

std::int64_t count_unreachable(const data::CsrView& held_out, const data::CsrView& plays) {
  const std::vector<std::int32_t> listeners = count_listeners(plays);
  return std::count_if(held_out.indices.begin(), held_out.indices.end(),
                       [&](std::int32_t song) { return listeners[static_cast<std::size_t>(song)] == 0; });
}

Split finish(Split split, const SplitOptions& options) {
  require_users(split, options);
  split.counts.users = static_cast<std::int64_t>(split.users.size());
  split.counts.held_out = split.held_out.nonzeros();
  split.counts.unreachable = count_unreachable(split.held_out.view(), split.train.plays.view());
  return split;
}

bool has_time(std::int64_t timestamp) {
  return timestamp != data::ListenLog::kUnknownTime;
}

/// The time that nine tenths of the listens before `end` lie before; `end` where there are none.
std::int64_t ninth_tenth(const data::ListenLog& log, std::int64_t end) {
  std::vector<std::int64_t> times;
  std::copy_if(log.timestamp.begin(), log.timestamp.end(), std::back_inserter(times),
               [&](std::int64_t time) { return has_time(time) && time < end; });
  if (times.empty())
    return end;
  const auto place = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 10 * 9 + times.size() % 10 * 9 / 10);
  std::nth_element(times.begin(), place, times.end());
  return *place;
}

/// The listens from `begin` on and before `end`.
data::ListenLog between(const data::ListenLog& log, std::int64_t begin, std::int64_t end) {
  data::ListenLog part;
  for (std::size_t i = 0; i < log.user.size(); ++i) {
    if (!has_time(log.timestamp[i]) || log.timestamp[i] < begin || log.timestamp[i] >= end)
      continue;
    part.user.push_back(log.user[i]);
    part.song.push_back(log.song[i]);
    part.timestamp.push_back(log.timestamp[i]);
    part.ms_played.push_back(log.ms_played[i]);
    if (!log.count.empty())
      part.count.push_back(log.count[i]);
  }
  return part;
}

/// Songs of the row that are streamed, and not in `without` (ascending).
void append_streamed(const data::CsrView& plays, std::int64_t row, std::span<const std::int32_t> without,
                     std::vector<std::int32_t>& songs) {
  const auto indices = plays.row_indices(row);
  const auto values = plays.row_values(row);
  for (std::size_t i = 0; i < indices.size(); ++i)
    if (values[i] > 0 && !std::binary_search(without.begin(), without.end(), indices[i]))
      songs.push_back(indices[i]);
}

Split split_by_time(const data::ListenLog& log, std::int64_t users, std::int64_t songs,
                    const data::InteractionOptions& interactions, const SplitOptions& options, Progress& progress) {
  const std::int64_t test_from = options.test_from != 0 ? options.test_from : ninth_tenth(log, INT64_MAX);
  if (test_from == INT64_MAX)
    throw BadInput(
        "split: no listen has a time: name the log's column in input.columns.timestamp, or take another "
        "protocol than time");
  std::int64_t from = test_from, until = INT64_MAX;
  if (options.part == Part::validation) {
    from = options.validation_from != 0 ? options.validation_from : ninth_tenth(log, test_from);
    until = test_from;
  }
  const data::ListenLog before = between(log, INT64_MIN, from);
  const data::ListenLog after = between(log, from, until);
  if (before.size() == 0 || after.size() == 0)
    throw BadInput(
        fmt::format("split: {} listens lie before {} and {} from then on{}: both are needed; choose another "
                    "time",
                    before.size(), format_timestamp(from), after.size(),
                    until == INT64_MAX ? "" : fmt::format(" and before {}", format_timestamp(until))));
  Split split;
  split.counts.from = from;
  split.counts.rows_without_time =
      std::count(log.timestamp.begin(), log.timestamp.end(), data::ListenLog::kUnknownTime);
  split.train = data::build_interactions(before, users, songs, interactions, progress);
  const data::Interactions later = data::build_interactions(after, users, songs, interactions, progress);
  const data::CsrView plays = split.train.plays.view();
  RowBuilder held_out(songs), seen(songs);
  std::vector<std::int32_t> known, found;
  for (std::int64_t user = 0; user < users; ++user) {
    known.clear();
    found.clear();
    append_streamed(plays, user, {}, known);
    append_streamed(later.plays.view(), user, known, found);
    if (found.empty())
      continue;
    if (known.empty()) {
      ++split.counts.users_without_training;
      continue;
    }
    split.users.push_back(static_cast<std::int32_t>(user));
    held_out.add(found);
    seen.add(known);
  }
  split.held_out = held_out.take();
  split.seen = seen.take();
  return split;
}

}  // namespace

Protocol parse_protocol(std::string_view word) {
  for (const auto& [name, protocol] : kProtocols)
    if (name == word)
      return protocol;
  throw InvalidArgument(fmt::format("protocol {}: leave-k-out, time or strong expected", quote_for_message(word)));
}

std::string_view to_string(Protocol protocol) {
  return std::find_if(std::begin(kProtocols), std::end(kProtocols),
                      [&](const auto& entry) { return entry.second == protocol; })
      ->first;
}

Split make_split(const data::Interactions& all, const data::InteractionOptions& interactions,
                 const SplitOptions& options) {
  check(options);
  if (options.protocol == Protocol::time)
    throw InvalidArgument("split: protocol time needs the log: pairs of user and song have no times");
  return finish(split_pairs(all, interactions, options), options);
}

Split make_split(const data::ListenLog& log, std::int64_t users, std::int64_t songs,
                 const data::InteractionOptions& interactions, const SplitOptions& options, Progress& progress) {
  check(options);
  if (options.protocol != Protocol::time)
    return make_split(data::build_interactions(log, users, songs, interactions, progress), interactions, options);
  return finish(split_by_time(log, users, songs, interactions, options, progress), options);
}

}  // namespace segue::evaluate
