// What the playlists promise, checked on random worlds by rules written anew from the promises.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "segue/core/parallel.hpp"
#include "segue/core/random.hpp"
#include "segue/playlist/writer.hpp"
#include "tests/playlist/world.hpp"

namespace segue::playlist {
namespace {

struct Case {
  const char* name;
  RandomWorldSizes sizes;
  DiscoverWeeklyOptions weekly;
  ReleaseRadarOptions radar;
};

class Promises : public testing::TestWithParam<std::tuple<Case, int>> {
 protected:
  Promises() : world(random_world(static_cast<std::uint64_t>(seed()), test_case().sizes)) {
    inputs = world.inputs();
    for (std::int32_t user = 0; user < world.users.size(); ++user)
      everyone.push_back(user);
  }
  const Case& test_case() const { return std::get<0>(GetParam()); }
  int seed() const { return std::get<1>(GetParam()); }

  bool in_catalogue(std::int32_t song) const { return song < world.catalogue.songs(); }
  bool is_out(std::int32_t song) const {
    return in_catalogue(song) &&
           (!test_case().weekly.monday ||
            world.catalogue.release_day[static_cast<std::size_t>(song)] <= day_of(*test_case().weekly.monday));
  }
  std::int32_t artist(std::int32_t song) const {
    return in_catalogue(song) ? world.catalogue.artist[static_cast<std::size_t>(song)] : -1;
  }
  // Songs of one artist and title are one recording; a song without artist stands for itself.
  std::string recording(std::int32_t song) const {
    if (artist(song) < 0)
      return fmt::format("song {}", song);
    std::string title(world.catalogue.title_of(song));
    title = title.substr(title.front() == ' ');
    if (title.back() == ' ')
      title.pop_back();
    std::ranges::transform(title, title.begin(), [](unsigned char c) { return std::tolower(c); });
    return fmt::format("{} {}", artist(song), title);
  }
  std::map<std::int32_t, float> plays(std::int32_t user) const {
    std::map<std::int32_t, float> played;
    const data::CsrView all = inputs.interactions->plays.view();
    for (std::size_t i = 0; user < all.rows && i < all.row_indices(user).size(); ++i)
      played[all.row_indices(user)[i]] = all.row_values(user)[i];
    return played;
  }
  bool follows(std::int32_t user, std::int32_t artist_row) const {
    return user < inputs.follows.rows && std::ranges::count(inputs.follows.row_indices(user), artist_row) > 0;
  }
  std::int64_t listeners_of(std::int32_t artist_row) const {
    return std::ranges::count_if(everyone, [&](std::int32_t user) {
      return std::ranges::any_of(
          plays(user), [&](const auto& played) { return played.second > 0 && artist(played.first) == artist_row; });
    });
  }
  bool has_taste(std::int32_t user) const {
    bool streams = false, vector = false;
    for (const auto& [song, count] : plays(user))
      streams |= count > 0;
    for (std::int64_t f = 0; user < inputs.user_vectors.rows() && f < inputs.user_vectors.columns(); ++f)
      vector |= inputs.user_vectors(user, f) != 0;
    return streams && vector;
  }

  // Every title that a reason quotes is of a song the user streams.
  void check_reason(std::int32_t user, const PlaylistSong& song) const {
    ASSERT_FALSE(song.reason.empty());
    ASSERT_EQ(song.reason.find('\n'), std::string::npos);
    std::set<std::string, std::less<>> streamed;
    for (const auto& [played, count] : plays(user))
      if (count > 0)
        streamed.emplace(in_catalogue(played) ? world.catalogue.title_of(played) : world.songs.id(played));
    const std::string open = "“", close = "”";
    for (std::size_t at = song.reason.find(open); at != std::string::npos; at = song.reason.find(open, at + 1)) {
      const std::size_t begin = at + open.size();
      EXPECT_TRUE(streamed.contains(song.reason.substr(begin, song.reason.find(close, begin) - begin))) << song.reason;
    }
    EXPECT_TRUE(!song.reason.ends_with("whom you follow") || follows(user, artist(song.song))) << song.reason;
  }

  void check_discover_weekly(const Playlist& list) const;
  void check_release_radar(const Playlist& list) const;

  World world;
  Inputs inputs;
  std::vector<std::int32_t> everyone;
};

void Promises::check_discover_weekly(const Playlist& list) const {
  const DiscoverWeeklyOptions& options = test_case().weekly;
  std::set<std::string> unwanted;
  for (const auto& [song, count] : plays(list.user))
    unwanted.insert(recording(song));
  if (const data::CsrView given = const_cast<World&>(world).given_before(); list.user < given.rows)
    for (const std::int32_t song : given.row_indices(list.user))
      unwanted.insert(recording(song));

  std::map<std::int32_t, std::set<std::string>> left;  // recordings by artist; −1: without artist
  for (std::int32_t song = 0; song < world.songs.size(); ++song)
    if ((world.catalogue.empty() || is_out(song)) && !unwanted.contains(recording(song)))
      left[artist(song)].insert(recording(song));
  std::size_t possible = 0;
  for (const auto& [of_artist, recordings] : left)
    possible +=
        of_artist < 0 ? recordings.size() : std::min(recordings.size(), static_cast<std::size_t>(options.per_artist));
  EXPECT_EQ(list.songs.size(), std::min(possible, static_cast<std::size_t>(options.length)));

  EXPECT_EQ(list.cold_start, !has_taste(list.user));
  std::map<std::int32_t, int> of_artist;
  std::set<std::string> recordings;
  int most = 0, side_by_side = 0;
  for (std::size_t i = 0; i < list.songs.size(); ++i) {
    const std::int32_t song = list.songs[i].song;
    EXPECT_TRUE(left[artist(song)].contains(recording(song)));
    EXPECT_TRUE(world.catalogue.empty() || is_out(song));
    EXPECT_TRUE(recordings.insert(recording(song)).second);
    if (artist(song) >= 0) {
      most = std::max(most, ++of_artist[artist(song)]);
      EXPECT_LE(of_artist[artist(song)], options.per_artist);
      side_by_side += i > 0 && artist(list.songs[i - 1].song) == artist(song);
    }
    EXPECT_TRUE(list.songs[i].score > 0 && list.songs[i].score <= 1);
    check_reason(list.user, list.songs[i]);
  }
  const int size = static_cast<int>(list.songs.size());
  EXPECT_EQ(side_by_side, std::max(0, most - (size - most) - 1));
}

void Promises::check_release_radar(const Playlist& list) const {
  const ReleaseRadarOptions& options = test_case().radar;
  const std::map<std::int32_t, float> played = plays(list.user);
  const auto is_due = [&](std::int32_t song) {
    const std::int32_t day = world.catalogue.release_day[static_cast<std::size_t>(song)];
    return artist(song) >= 0 && day <= day_of(kFriday) && day >= day_of(kFriday) - options.window_days + 1 &&
           !played.contains(song);
  };
  std::set<std::int32_t> songs;
  std::map<std::int32_t, int> of_artist;
  bool followed_before = true;
  std::int32_t day_before = INT32_MAX;
  float score_before = 2;
  std::size_t followed_songs = 0;
  for (const PlaylistSong& song : list.songs) {
    EXPECT_TRUE(songs.insert(song.song).second);
    ASSERT_TRUE(in_catalogue(song.song));
    EXPECT_TRUE(is_due(song.song));
    check_reason(list.user, song);
    const bool followed = follows(list.user, artist(song.song));
    EXPECT_EQ(song.source, followed ? Source::followed_artist : Source::similar_artist);
    EXPECT_LE(followed, followed_before);
    const std::int32_t day = world.catalogue.release_day[static_cast<std::size_t>(song.song)];
    if (followed) {
      EXPECT_LE(day, day_before);
      day_before = day;
      ++followed_songs;
    } else {
      EXPECT_TRUE(has_taste(list.user));
      EXPECT_LE(song.score, score_before);
      EXPECT_GE(song.score, options.min_similarity);
      EXPECT_LE(++of_artist[artist(song.song)], options.per_artist);
      EXPECT_GE(listeners_of(artist(song.song)), options.min_listeners);
      score_before = song.score;
    }
    followed_before = followed;
  }
  std::size_t due = 0;
  for (std::int32_t song = 0; song < world.catalogue.songs(); ++song)
    due += is_due(song) && follows(list.user, artist(song));
  EXPECT_EQ(followed_songs, std::min(due, static_cast<std::size_t>(options.length)));
  EXPECT_LE(list.songs.size(), static_cast<std::size_t>(options.length));
}

TEST_P(Promises, AreKept) {
  ReleaseRadarOptions radar = test_case().radar;
  radar.friday = kFriday;
  const std::vector<Playlist> weeklies = world.discover_weekly(test_case().weekly, everyone);
  ASSERT_EQ(weeklies.size(), everyone.size());
  for (const std::int32_t user : everyone) {
    SCOPED_TRACE(fmt::format("user {}", user));
    EXPECT_EQ(weeklies[static_cast<std::size_t>(user)].user, user);
    check_discover_weekly(weeklies[static_cast<std::size_t>(user)]);
  }
  for (const Playlist& list : world.release_radar(radar, everyone)) {
    SCOPED_TRACE(fmt::format("user {}", list.user));
    check_release_radar(list);
  }
}

TEST_P(Promises, SameListsForAnyThreadsAndBlocks) {
  const auto lines = [&](int threads, int block_users) {
    set_thread_count(threads);
    DiscoverWeeklyOptions weekly = test_case().weekly;
    ReleaseRadarOptions radar = test_case().radar;
    radar.friday = kFriday;
    weekly.block_users = radar.block_users = block_users;
    std::string all;
    for (const Playlist& list : world.discover_weekly(weekly, everyone))
      all += to_json(list, "discover-weekly", kFriday, inputs) + '\n';
    for (const Playlist& list : world.release_radar(radar, everyone))
      all += to_json(list, "release-radar", kFriday, inputs) + '\n';
    set_thread_count(0);
    return all;
  };
  const std::string expected = lines(1, 2048);
  EXPECT_EQ(lines(2, 2048), expected);
  EXPECT_EQ(lines(2, 7), expected);
  EXPECT_EQ(lines(1, 1), expected);
}

INSTANTIATE_TEST_SUITE_P(
    Worlds, Promises,
    testing::Combine(
        testing::Values(
            Case{.name = "Usual", .sizes = {}, .weekly = {}, .radar = {}},
            Case{
                .name = "SmallCatalogue", .sizes = {.users = 20, .songs = 25, .artists = 5}, .weekly = {}, .radar = {}},
            Case{.name = "OneArtist", .sizes = {.users = 9, .songs = 40, .artists = 1}, .weekly = {}, .radar = {}},
            Case{.name = "NoCatalogue", .sizes = {.with_catalogue = false}, .weekly = {}, .radar = {}},
            Case{.name = "OneUser", .sizes = {.users = 1}, .weekly = {}, .radar = {}},
            Case{.name = "Capped",
                 .sizes = {},
                 .weekly = {.monday = kFriday - std::chrono::days(11), .length = 12, .per_artist = 1, .candidates = 40},
                 .radar = {.length = 3, .per_artist = 1}},
            Case{.name = "Long",
                 .sizes = {.songs = 300},
                 .weekly = {.length = 120, .per_artist = 3},
                 .radar = {.window_days = 60, .min_similarity = -1, .min_listeners = 7}}),
        testing::Values(1, 2, 3)),
    [](const auto& test) { return fmt::format("{}{}", std::get<0>(test.param).name, std::get<1>(test.param)); });

}  // namespace
}  // namespace segue::playlist
