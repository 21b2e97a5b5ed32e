#include "host/evaluate/split_pairs.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "segue/core/random.hpp"

namespace segue::evaluate {
namespace {

/// Which pairs leave the training: whole users, or some songs of a user.
class Removal {
 public:
  explicit Removal(std::int64_t users) : whole_(static_cast<std::size_t>(users)), songs_(whole_.size()) {}

  void remove_user(std::int64_t user) { whole_[static_cast<std::size_t>(user)] = true; }
  /// @param songs  ascending
  void remove(std::int64_t user, std::vector<std::int32_t> songs) {
    songs_[static_cast<std::size_t>(user)] = std::move(songs);
  }
  bool is_gone(std::int64_t user, std::int32_t song) const {
    const auto& songs = songs_[static_cast<std::size_t>(user)];
    return whole_[static_cast<std::size_t>(user)] || std::binary_search(songs.begin(), songs.end(), song);
  }

 private:
  std::vector<bool> whole_;
  std::vector<std::vector<std::int32_t>> songs_;
};

template <class Kept>
void append_kept(const data::CsrView& matrix, std::int64_t row, const Kept& kept, RowBuilder& out) {
  std::vector<std::int32_t> indices;
  std::vector<float> values;
  for (std::int64_t i = matrix.offsets[static_cast<std::size_t>(row)];
       i < matrix.offsets[static_cast<std::size_t>(row) + 1]; ++i)
    if (kept(matrix.indices[static_cast<std::size_t>(i)])) {
      indices.push_back(matrix.indices[static_cast<std::size_t>(i)]);
      values.push_back(matrix.values[static_cast<std::size_t>(i)]);
    }
  out.add(indices, values);
}

/// What is left, under the minima that build_interactions() applied to the whole.
data::Interactions without(const data::Interactions& all, const Removal& removal,
                           const data::InteractionOptions& options) {
  data::Interactions train;
  train.first_timestamp = all.first_timestamp;
  train.last_timestamp = all.last_timestamp;
  train.skips = all.skips;
  RowBuilder plays(all.plays.columns);
  for (std::int64_t user = 0; user < all.plays.rows; ++user)
    append_kept(
        all.plays.view(), user, [&](std::int32_t song) { return !removal.is_gone(user, song); }, plays);
  train.plays = plays.take();
  for (const float streams : train.plays.values)
    train.streams += static_cast<std::int64_t>(streams);

  const std::vector<std::int32_t> listeners = count_listeners(train.plays.view());
  const auto is_known = [&](std::int32_t song) {
    return listeners[static_cast<std::size_t>(song)] >= options.min_song_listeners;
  };
  RowBuilder strength(all.strength.columns);
  for (std::int64_t user = 0; user < all.strength.rows; ++user) {
    const auto songs = train.plays.view().row_indices(user);
    const auto streams = train.plays.view().row_values(user);
    double known_streams = 0;
    for (std::size_t i = 0; i < songs.size(); ++i)
      known_streams += is_known(songs[i]) ? static_cast<double>(streams[i]) : 0;
    const bool trained = known_streams >= options.min_user_streams;
    append_kept(
        all.strength.view(), user,
        [&](std::int32_t song) { return trained && is_known(song) && !removal.is_gone(user, song); }, strength);
  }
  train.strength = strength.take();
  return train;
}

std::vector<std::int32_t> streamed_songs(const data::CsrView& plays, std::int64_t user) {
  std::vector<std::int32_t> songs;
  const auto indices = plays.row_indices(user);
  for (std::size_t i = 0; i < indices.size(); ++i)
    if (plays.row_values(user)[i] > 0)
      songs.push_back(indices[i]);
  return songs;
}

/// Takes `count` songs from `songs`, which stay in ascending order as those drawn are (Knuth's selection sampling).
std::vector<std::int32_t> draw(std::vector<std::int32_t>& songs, std::size_t count, Random& random) {
  std::vector<std::int32_t> drawn, left;
  for (std::size_t i = 0; i < songs.size(); ++i) {
    const bool take = random.below(static_cast<std::uint32_t>(songs.size() - i)) < count - drawn.size();
    (take ? drawn : left).push_back(songs[i]);
  }
  songs = std::move(left);
  return drawn;
}

Split leave_k_out(const data::Interactions& all, const data::InteractionOptions& interactions,
                  const SplitOptions& options) {
  Split split;
  Removal removal(all.plays.rows);
  RowBuilder held_out(all.plays.columns), seen(all.plays.columns);
  const auto k = static_cast<std::size_t>(options.k);
  const auto least = static_cast<std::size_t>(options.min_songs);
  for (std::int64_t user = 0; user < all.plays.rows; ++user) {
    std::vector<std::int32_t> songs = streamed_songs(all.plays.view(), user);
    Random random(options.seed, static_cast<std::uint64_t>(user));
    std::vector<std::int32_t> gone, wanted;
    if (songs.size() >= least)
      gone = wanted = draw(songs, k, random);
    if (options.part == Part::validation) {
      wanted.clear();
      if (songs.size() >= least)
        wanted = draw(songs, k, random);
      gone.insert(gone.end(), wanted.begin(), wanted.end());
      std::sort(gone.begin(), gone.end());
    }
    removal.remove(user, std::move(gone));
    if (wanted.empty()) {
      ++split.counts.users_with_few_songs;
      continue;
    }
    split.users.push_back(static_cast<std::int32_t>(user));
    held_out.add(wanted);
    seen.add(songs);
  }
  split.held_out = held_out.take();
  split.seen = seen.take();
  split.train = without(all, removal, interactions);
  return split;
}

/// Users with songs enough, in random order.
std::vector<std::int32_t> shuffled_users(const data::CsrView& plays, const SplitOptions& options) {
  std::vector<std::pair<std::uint64_t, std::int32_t>> keys;
  for (std::int64_t user = 0; user < plays.rows; ++user)
    if (streamed_songs(plays, user).size() >= static_cast<std::size_t>(options.min_songs))
      keys.emplace_back(Random(options.seed, static_cast<std::uint64_t>(user))(), static_cast<std::int32_t>(user));
  std::sort(keys.begin(), keys.end());
  std::vector<std::int32_t> users;
  for (const auto& [key, user] : keys)
    users.push_back(user);
  return users;
}

Split strong(const data::Interactions& all, const data::InteractionOptions& interactions, const SplitOptions& options) {
  Split split;
  const std::vector<std::int32_t> users = shuffled_users(all.plays.view(), options);
  split.counts.users_with_few_songs = all.plays.rows - static_cast<std::int64_t>(users.size());
  const std::size_t count = std::min<std::size_t>(
      users.size() / 2,
      std::max<std::size_t>(1, static_cast<std::size_t>(options.held_out_users * static_cast<double>(users.size()))));
  Removal removal(all.plays.rows);
  const bool validation = options.part == Part::validation;
  for (std::size_t i = 0; i < (validation ? 2 * count : count); ++i)
    removal.remove_user(users[i]);
  const auto begin = users.begin() + static_cast<std::ptrdiff_t>(validation ? count : 0);
  split.users.assign(begin, begin + static_cast<std::ptrdiff_t>(count));
  std::sort(split.users.begin(), split.users.end());

  RowBuilder held_out(all.plays.columns), seen(all.plays.columns), fold_in(all.plays.columns);
  for (const std::int32_t user : split.users) {
    std::vector<std::int32_t> songs = streamed_songs(all.plays.view(), user);
    Random random(options.seed, static_cast<std::uint64_t>(user));
    random();  // the first drew the user
    const auto wanted_count = static_cast<std::size_t>(options.held_out_songs * static_cast<double>(songs.size()));
    const std::vector<std::int32_t> wanted = draw(songs, std::max<std::size_t>(1, wanted_count), random);
    held_out.add(wanted);
    seen.add(songs);
    append_kept(
        all.strength.view(), user,
        [&](std::int32_t song) { return !std::binary_search(wanted.begin(), wanted.end(), song); }, fold_in);
  }
  split.held_out = held_out.take();
  split.seen = seen.take();
  split.fold_in = fold_in.take();
  split.train = without(all, removal, interactions);
  return split;
}

}  // namespace

std::vector<std::int32_t> count_listeners(const data::CsrView& plays) {
  std::vector<std::int32_t> listeners(static_cast<std::size_t>(plays.columns));
  for (std::size_t i = 0; i < plays.indices.size(); ++i)
    listeners[static_cast<std::size_t>(plays.indices[i])] += plays.values[i] > 0;
  return listeners;
}

Split split_pairs(const data::Interactions& all, const data::InteractionOptions& interactions,
                  const SplitOptions& options) {
  return options.protocol == Protocol::strong ? strong(all, interactions, options)
                                              : leave_k_out(all, interactions, options);
}

}  // namespace segue::evaluate
