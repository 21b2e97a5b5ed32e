#include "host/evaluate/tune_data.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "segue/core/error.hpp"
#include "segue/core/random.hpp"

namespace segue::evaluate {
namespace {

constexpr std::uint64_t kFurtherSplits = std::uint64_t{1} << 32;  // streams of the seed that no user has

auto key_of(const data::InteractionOptions& o) {
  return std::tuple(o.stream_ms, o.skip_weight, o.half_life_days, o.confidence, o.log_epsilon, o.min_user_streams,
                    o.min_song_listeners);
}

std::int64_t bytes_of(const data::Csr& matrix) {
  return static_cast<std::int64_t>(matrix.offsets.size() * 8 + matrix.indices.size() * 4 + matrix.values.size() * 4);
}

data::Csr take_rows(const data::Csr& matrix, const std::vector<std::size_t>& rows) {
  data::Csr out;
  if (matrix.rows == 0)
    return out;
  out.rows = static_cast<std::int64_t>(rows.size());
  out.columns = matrix.columns;
  const data::CsrView view = matrix.view();
  for (const std::size_t row : rows) {
    const auto indices = view.row_indices(static_cast<std::int64_t>(row));
    out.indices.insert(out.indices.end(), indices.begin(), indices.end());
    if (!matrix.values.empty()) {
      const auto values = view.row_values(static_cast<std::int64_t>(row));
      out.values.insert(out.values.end(), values.begin(), values.end());
    }
    out.offsets.push_back(static_cast<std::int64_t>(out.indices.size()));
  }
  return out;
}

/// Leaves `most` of the evaluated users, drawn by the split's seed; those that stay keep their order.
void thin_users(Split& split, std::int64_t most, std::uint64_t seed) {
  const auto all = static_cast<std::int64_t>(split.users.size());
  if (most == 0 || all <= most)
    return;
  std::vector<std::size_t> rows(split.users.size());
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  std::vector<std::uint64_t> lots;
  for (const std::int32_t user : split.users)
    lots.push_back(Random(seed, static_cast<std::uint64_t>(user))());
  std::nth_element(rows.begin(), rows.begin() + most, rows.end(),
                   [&](std::size_t a, std::size_t b) { return std::tie(lots[a], a) < std::tie(lots[b], b); });
  rows.resize(static_cast<std::size_t>(most));
  std::sort(rows.begin(), rows.end());
  std::vector<std::int32_t> users;
  for (const std::size_t row : rows)
    users.push_back(split.users[row]);
  split.users = std::move(users);
  split.held_out = take_rows(split.held_out, rows);
  split.seen = take_rows(split.seen, rows);
  split.fold_in = take_rows(split.fold_in, rows);
}

/// Of rows that are not empty.
double mean_row_size(const data::CsrView& matrix) {
  std::int64_t rows = 0;
  for (std::int64_t row = 0; row < matrix.rows; ++row)
    rows += matrix.row_size(row) > 0 ? 1 : 0;
  return rows > 0 ? static_cast<double>(matrix.nonzeros()) / static_cast<double>(rows) : 0;
}

}  // namespace

std::int64_t TuneData::bytes() const {
  return bytes_of(split.train.strength) + bytes_of(by_song) + bytes_of(split.seen) + bytes_of(split.held_out) +
         bytes_of(split.fold_in) + songs.songs() * 25;
}

TuneDataCache::TuneDataCache(const data::ListenLog& log, std::int64_t users, std::int64_t songs,
                             const SplitOptions& split, const data::InteractionOptions& first, std::int64_t most_users,
                             std::int64_t room_bytes)
    : log_(log), users_(users), songs_(songs), split_(split), most_users_(most_users), room_bytes_(room_bytes) {
  get(first, 0);
}

const TuneData& TuneDataCache::get(const data::InteractionOptions& options, int number) {
  for (auto found = kept_.begin(); found != kept_.end(); ++found)
    if (found->number == number && key_of(found->options) == key_of(options)) {
      kept_.splice(kept_.begin(), kept_, found);
      return kept_.front();
    }
  kept_.push_front(make(options, number));
  forget_oldest();
  return kept_.front();
}

Split TuneDataCache::split(const data::InteractionOptions& options, int number) const {
  if (number == 0)
    return make_split(log_, users_, songs_, options, split_, no_progress());
  SplitOptions drawn = split_;
  drawn.part = Part::test;
  const Split rest = make_split(log_, users_, songs_, options, drawn, no_progress());
  drawn.seed = Random(split_.seed, kFurtherSplits + static_cast<std::uint64_t>(number))();
  return make_split(rest.train, options, drawn);
}

TuneData TuneDataCache::make(const data::InteractionOptions& options, int number) {
  TuneData data;
  data.options = options;
  data.number = number;
  data.split = split(options, number);
  data.by_song = data::transpose(data.split.train.strength.view());
  data.songs = song_statistics(data.split.train.plays.view());
  if (summary_.evaluated == 0)
    summarise(data);
  data.split.train.plays = {};
  thin_users(data.split, most_users_, split_.seed);
  if (summary_.evaluated == 0)
    summary_.evaluated = static_cast<std::int64_t>(data.split.users.size());
  if (held_out_number_ != number) {
    held_out_number_ = number;
    held_out_ = data.split.held_out.indices;
  } else if (data.split.held_out.indices != held_out_) {
    throw Error("tune: these interaction options hold out other songs than the configuration as it stands");
  }
  return data;
}

void TuneDataCache::summarise(const TuneData& data) {
  const data::Interactions& train = data.split.train;
  summary_.counts = data.split.counts;
  summary_.mean_songs = mean_row_size(train.strength.view());
  summary_.mean_users = mean_row_size(data.by_song.view());
  summary_.has_skips = train.skips > 0;
  summary_.has_repeats = std::ranges::any_of(train.plays.values, [](float streams) { return streams > 1; });
}

void TuneDataCache::forget_oldest() {
  std::int64_t bytes = 0;
  for (auto entry = kept_.begin(); entry != kept_.end();) {
    bytes += entry->bytes();
    entry = entry != kept_.begin() && bytes > room_bytes_ ? kept_.erase(entry) : std::next(entry);
  }
}

}  // namespace segue::evaluate
