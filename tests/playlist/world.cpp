#include "tests/playlist/world.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "segue/core/random.hpp"

namespace segue::playlist {

World::World(std::int64_t rank) : rank_(rank) {
  als.rank = static_cast<int>(rank);
  als.regularization = 0.1;
}

std::int32_t World::song(const std::string& id, const Song& song) {
  built_ = false;
  catalogue.titles.push_back(song.title.empty() ? id : song.title);
  catalogue.artist.push_back(song.artist.empty() ? data::IdTable::kNone : catalogue.artists.add(song.artist));
  catalogue.artist_names.resize(static_cast<std::size_t>(catalogue.artists.size()));
  catalogue.release_day.push_back(song.day);
  catalogue.duration_ms.push_back(0);
  flow_rows_.push_back(song.flow);
  song_rows_.push_back(song.vector);
  return songs.add(id);
}

std::int32_t World::log_only(const std::string& id, std::vector<float> vector) {
  built_ = false;
  song_rows_.push_back(std::move(vector));
  return songs.add(id);
}

std::int32_t World::user(const std::string& id, std::vector<float> vector, std::int32_t group) {
  built_ = false;
  user_rows_.push_back(std::move(vector));
  groups.push_back(group);
  return users.add(id);
}

void World::play(std::int32_t user, std::int32_t song, int streams) {
  built_ = false;
  plays_[user][song] = streams;
}

void World::give_before(std::int32_t user, std::int32_t song) {
  built_ = false;
  given_[user][song] = 1;
}

void World::follow(std::int32_t user, const std::string& artist) {
  built_ = false;
  follows_cells_[user][catalogue.artists.add(artist)] = 1;
  catalogue.artist_names.resize(static_cast<std::size_t>(catalogue.artists.size()));
}

data::Csr World::csr(const Cells& cells, std::int64_t rows, std::int64_t columns) {
  data::Csr matrix;
  matrix.rows = rows;
  matrix.columns = columns;
  for (std::int32_t row = 0; row < rows; ++row) {
    if (const auto found = cells.find(row); found != cells.end())
      for (const auto& [column, value] : found->second) {
        matrix.indices.push_back(column);
        matrix.values.push_back(static_cast<float>(value));
      }
    matrix.offsets.push_back(static_cast<std::int64_t>(matrix.indices.size()));
  }
  return matrix;
}

void World::set_vectors(Matrix<float>& to, const std::vector<std::vector<float>>& from) const {
  to = Matrix<float>(static_cast<std::int64_t>(from.size()), rank_, 0.0f);
  for (std::size_t row = 0; row < from.size(); ++row)
    std::ranges::copy(from[row], to.row(static_cast<std::int64_t>(row)).begin());
}

void World::build() {
  const std::int64_t user_rows = plays_.empty() ? 0 : plays_.rbegin()->first + 1;
  interactions.plays = csr(plays_, user_rows, songs.size());
  interactions.strength = data::Csr{};
  interactions.strength.rows = user_rows;
  interactions.strength.columns = songs.size();
  for (std::int64_t user = 0; user < user_rows; ++user) {
    const auto played = interactions.plays.view().row_indices(user);
    const auto streams = interactions.plays.view().row_values(user);
    for (std::size_t i = 0; i < played.size(); ++i) {
      interactions.strength.indices.push_back(played[i]);
      interactions.strength.values.push_back(streams[i] > 0 ? streams[i] : -0.1f);
    }
    interactions.strength.offsets.push_back(static_cast<std::int64_t>(interactions.strength.indices.size()));
  }
  std::vector<std::vector<float>> listeners(user_rows_.begin(), user_rows_.begin() + user_rows);
  set_vectors(user_vectors_, listeners);
  set_vectors(song_vectors_, song_rows_);
  if (std::ranges::any_of(flow_rows_, [](const auto& row) { return !row.empty(); })) {
    catalogue.flow = Matrix<float>(catalogue.songs(), 3, 0.0f);
    for (std::size_t song = 0; song < flow_rows_.size(); ++song)
      std::ranges::copy(flow_rows_[song], catalogue.flow.row(static_cast<std::int64_t>(song)).begin());
  }
  follows_ =
      csr(follows_cells_, follows_cells_.empty() ? 0 : follows_cells_.rbegin()->first + 1, catalogue.artists.size());
  given_before_ = csr(given_, given_.empty() ? 0 : given_.rbegin()->first + 1, songs.size());
  built_ = true;
}

Inputs World::inputs() {
  if (!built_)
    build();
  return {.users = &users,
          .songs = &songs,
          .catalogue = &catalogue,
          .interactions = &interactions,
          .follows = follows_.view(),
          .user_vectors = user_vectors_.view(),
          .song_vectors = song_vectors_.view(),
          .group_of_user = std::span(groups).first(static_cast<std::size_t>(interactions.plays.rows)),
          .als = als};
}

data::CsrView World::given_before() {
  if (!built_)
    build();
  return given_before_.view();
}

std::vector<Playlist> World::discover_weekly(const DiscoverWeeklyOptions& options,
                                             std::span<const std::int32_t> for_users) {
  std::vector<Playlist> lists;
  make_discover_weekly(
      inputs(), Device::cpu(), options, given_before(), for_users, [&](const Playlist& list) { lists.push_back(list); },
      no_progress());
  return lists;
}

std::vector<Playlist> World::release_radar(const ReleaseRadarOptions& options,
                                           std::span<const std::int32_t> for_users) {
  std::vector<Playlist> lists;
  make_release_radar(
      inputs(), Device::cpu(), options, for_users, [&](const Playlist& list) { lists.push_back(list); }, no_progress());
  return lists;
}

std::vector<std::string> ids(const World& world, const Playlist& list) {
  std::vector<std::string> songs;
  for (const PlaylistSong& song : list.songs)
    songs.emplace_back(world.songs.id(song.song));
  return songs;
}

World random_world(std::uint64_t seed, const RandomWorldSizes& sizes) {
  constexpr std::int64_t kRank = 6;
  Random random(seed);
  World world(kRank);
  const auto below = [&](int bound) { return static_cast<int>(random.below(static_cast<std::uint32_t>(bound))); };
  const auto vector = [&] {
    std::vector<float> values(kRank);
    std::ranges::generate(values, [&] { return static_cast<float>(random.normal()); });
    return values;
  };
  const int in_catalogue = sizes.with_catalogue ? sizes.songs : 0;
  for (int i = 0; i < in_catalogue; ++i) {
    World::Song song;
    song.artist = below(20) == 0 ? "" : fmt::format("a{}", below(sizes.artists));
    // Few titles an artist, so that there are twins; of one song in ten none is known.
    song.title = below(10) == 0
                     ? ""
                     : fmt::format("{} t{}", song.artist.empty() ? fmt::format("s{}", i) : song.artist, below(8));
    if (!song.title.empty() && below(10) == 0)
      song.title = below(2) == 0 ? " " + song.title : song.title + " ";
    if (below(4) > 0)
      song.day = day_of(kFriday) + 5 - below(60);
    if (below(3) > 0)
      song.vector = vector();
    if (below(2) == 0)
      song.flow = {1 + static_cast<float>(random.uniform()) * 2, static_cast<float>(random.uniform()),
                   static_cast<float>(random.uniform())};
    world.song(fmt::format("s{}", i), song);
  }
  for (int i = in_catalogue; i < in_catalogue + (sizes.with_catalogue ? sizes.songs / 10 : sizes.songs); ++i)
    world.log_only(fmt::format("s{}", i), below(3) > 0 ? vector() : std::vector<float>{});
  const auto songs = static_cast<int>(world.songs.size());
  for (int i = 0; i < sizes.users; ++i) {
    const int kind = below(10);  // 0: only follows, 1: only skips, 2: streams, but not trained on, the rest: streams
    const std::int32_t user =
        world.user(fmt::format("u{}", i), kind <= 2 ? std::vector<float>{} : vector(), kind <= 2 ? -1 : below(4));
    for (int n = below(25); kind > 0 && n >= 0; --n)
      world.play(user, below(songs), kind == 1 || below(5) == 0 ? 0 : 1 + below(9));
    for (int n = below(12); sizes.with_catalogue && n > 0; --n)
      world.follow(user, fmt::format("a{}", below(sizes.artists)));
    for (int n = below(10); n > 0; --n)
      world.give_before(user, below(songs));
  }
  return world;
}

}  // namespace segue::playlist
