#include "segue/playlist/discover_weekly.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "segue/core/error.hpp"
#include "tests/playlist/world.hpp"

namespace segue::playlist {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::UnorderedElementsAre;

// What one source alone gives.
DiscoverWeeklyOptions only(Source source) {
  DiscoverWeeklyOptions options{.length = 2, .artist_songs = 0, .candidates = 2};
  options.weight_als = source == Source::als;
  options.weight_similar_songs = source == Source::similar_songs;
  options.weight_group = source == Source::group;
  options.weight_similar_users = source == Source::similar_users;
  options.weight_artist = source == Source::artist;
  return options;
}

std::vector<std::string> reasons(const Playlist& list) {
  std::vector<std::string> lines;
  for (const PlaylistSong& song : list.songs)
    lines.push_back(song.reason);
  return lines;
}

// Two tastes, x and y, in the plane; the songs' titles say which.
class TwoTastes : public testing::Test {
 protected:
  TwoTastes() : world(2) {
    for (int i = 0; i < 6; ++i) {
      const auto bent = 0.1f * static_cast<float>(i);
      world.song(fmt::format("x{}", i),
                 {.title = fmt::format("X{}", i), .artist = fmt::format("ax{}", i), .vector = {1, bent}});
      world.song(fmt::format("y{}", i),
                 {.title = fmt::format("Y{}", i), .artist = fmt::format("ay{}", i), .vector = {bent, 1}});
    }
    ann = world.user("ann", {1, 0}, 0);
    ben = world.user("ben", {1, 0.1f}, 0);
    cat = world.user("cat", {0, 1}, 1);
    world.play(ann, row("x0"), 3);
    world.play(ann, row("x1"), 2);
    world.play(ben, row("x1"), 1);
    world.play(ben, row("x2"), 1);
    world.play(cat, row("y0"), 1);
    world.play(cat, row("y1"), 1);
  }
  std::int32_t row(const std::string& id) const { return world.songs.find(id); }
  Playlist list_of(std::int32_t user, const DiscoverWeeklyOptions& options) {
    return world.discover_weekly(options, std::vector{user}).at(0);
  }
  World world;
  std::int32_t ann, ben, cat;
};

TEST_F(TwoTastes, AlsGivesTheLargestInnerProducts) {
  world.catalogue.artist_names[0] = "The Axes";
  const Playlist list = list_of(ann, only(Source::als));
  EXPECT_THAT(ids(world, list), ElementsAre("x2", "x3"));  // x₀…x₅ all have product 1: by row
  EXPECT_EQ(list.songs[0].source, Source::als);
  EXPECT_THAT(reasons(list), Each("Because you stream “X0” by The Axes and “X1” by ax1"));
  EXPECT_FALSE(list.cold_start);
  EXPECT_FLOAT_EQ(list.songs[0].score, 1);
}

TEST_F(TwoTastes, AlsNamesAnArtistOfBothSongsOnce) {
  world.catalogue.artist[static_cast<std::size_t>(row("x1"))] = world.artist("ax0");
  EXPECT_THAT(reasons(list_of(ann, only(Source::als))), Each("Because you stream “X0” and “X1” by ax0"));
}

TEST_F(TwoTastes, AlsDoesNotNameASkippedSong) {
  world.play(ann, row("x1"), 0);
  EXPECT_THAT(reasons(list_of(ann, only(Source::als))), Each("Because you stream “X0” by ax0"));
}

TEST_F(TwoTastes, SimilarSongsSumOverTheSongsStreamed) {
  const Playlist list = list_of(cat, only(Source::similar_songs));
  EXPECT_THAT(ids(world, list), ElementsAre("y2", "y3"));
  EXPECT_EQ(list.songs[0].source, Source::similar_songs);
  EXPECT_THAT(reasons(list), Each("Similar to “Y1” by ay1, which you stream"));
}

TEST_F(TwoTastes, GroupGivesWhatOthersOfItStream) {
  const Playlist list = list_of(ann, only(Source::group));
  ASSERT_THAT(list.songs, SizeIs(2));
  EXPECT_EQ(list.songs[0].song, row("x2"));
  EXPECT_EQ(list.songs[0].source, Source::group);
  EXPECT_EQ(list.songs[0].reason, "Streamed by one listener in your group");
  EXPECT_EQ(list.songs[1].source, Source::popular);
  const std::int32_t dan = world.user("dan", {1, 0}, 0);
  world.play(dan, row("x2"));
  EXPECT_EQ(list_of(ann, only(Source::group)).songs[0].reason, "Streamed by 2 listeners in your group");
}

TEST_F(TwoTastes, GroupPrefersWhatItStreamsMoreThanOthersDo) {
  // y0 has two listeners in the group and three outside it, x2 two and none: n·log(lift) puts x2 first.
  for (int i = 0; i < 4; ++i) {
    const std::int32_t user = world.user(fmt::format("u{}", i), {1, 1}, i < 2 ? 0 : 1);
    world.play(user, row("y0"));
  }
  const std::int32_t dan = world.user("dan", {1, 0}, 0);
  world.play(dan, row("x2"));
  EXPECT_EQ(list_of(ann, only(Source::group)).songs[0].song, row("x2"));
}

TEST_F(TwoTastes, SimilarUsersGiveWhatTheNearestStream) {
  world.user("eve", {1, 0.2f});
  world.play(3, row("x2"));
  world.play(3, row("x4"), 0);
  const Playlist list = list_of(ann, only(Source::similar_users));
  EXPECT_EQ(list.songs[0].song, row("x2"));
  EXPECT_EQ(list.songs[0].source, Source::similar_users);
  EXPECT_EQ(list.songs[0].reason, "Streamed by 2 listeners whose taste is close to yours");
  EXPECT_EQ(list.songs[1].source, Source::popular);
}

TEST_F(TwoTastes, ArtistBringsColdSongs) {
  world.song("cold", {.title = "Never Heard", .artist = "ax1"});
  const Playlist list = list_of(ann, only(Source::artist));
  EXPECT_EQ(list.songs[0].song, row("cold"));
  EXPECT_EQ(list.songs[0].source, Source::artist);
  EXPECT_EQ(list.songs[0].reason, "More from ax1, whom you stream");
}

TEST_F(TwoTastes, SeatsAreKeptForColdSongs) {
  for (int i = 0; i < 4; ++i)
    world.song(fmt::format("cold{}", i), {.artist = fmt::format("ax{}", i % 2), .day = i});
  const auto cold_songs = [&](const DiscoverWeeklyOptions& options) {
    std::vector<std::string> given = ids(world, list_of(ann, options));
    std::erase_if(given, [](const std::string& id) { return !id.starts_with("cold"); });
    return given;
  };
  // The newest of each artist.
  EXPECT_THAT(cold_songs({.length = 6, .candidates = 50}), UnorderedElementsAre("cold2", "cold3"));
  EXPECT_THAT(cold_songs({.length = 6, .artist_songs = 1, .candidates = 50}), ElementsAre("cold2"));
  EXPECT_THAT(cold_songs({.length = 6, .artist_songs = 0, .candidates = 50}), IsEmpty());
  EXPECT_THAT(cold_songs({.length = 6, .known_artists = 0, .candidates = 50}), IsEmpty());
}

TEST_F(TwoTastes, HalfOfTheListIsByArtistsNotYetStreamed) {
  for (int i = 0; i < 20; ++i)
    world.song(fmt::format("more{}", i), {.artist = fmt::format("ax{}", i % 2), .vector = {9, 9}});
  const auto known_of_six = [&](double known_artists) {
    DiscoverWeeklyOptions options = only(Source::als);
    options.length = 6;
    options.per_artist = 3;
    options.known_artists = known_artists;
    options.candidates = 50;
    return std::ranges::count_if(list_of(ann, options).songs,
                                 [&](const PlaylistSong& song) { return world.songs.id(song.song)[0] == 'm'; });
  };
  EXPECT_EQ(known_of_six(0), 0);
  EXPECT_EQ(known_of_six(0.5), 3);
  EXPECT_EQ(known_of_six(1), 6);
}

TEST_F(TwoTastes, NeverGivesWhatWasGivenBefore) {
  world.give_before(ann, row("x2"));
  world.give_before(ann, row("x3"));
  EXPECT_THAT(ids(world, list_of(ann, only(Source::als))), UnorderedElementsAre("x4", "x5"));
}

TEST_F(TwoTastes, NeverGivesATwinOfWhatWasPlayed) {
  world.song("x0-again", {.title = " x0\t", .artist = "ax0", .vector = {5, 0}});
  world.song("x0-other", {.title = "X0", .artist = "somebody else", .vector = {5, 0}});
  const auto given = ids(world, list_of(ann, only(Source::als)));
  EXPECT_THAT(given, Contains("x0-other"));
  EXPECT_THAT(given, Not(Contains("x0-again")));
}

TEST_F(TwoTastes, GivesARecordingOnceWhateverTheSpacesAroundItsTitle) {
  world.song("x2-again", {.title = "X2 ", .artist = "ax2", .vector = {1, 0.2f}});
  world.song("x2-live", {.title = "X 2", .artist = "ax2", .vector = {1, 0.2f}});
  DiscoverWeeklyOptions options = only(Source::als);
  options.length = options.candidates = 20;
  const auto given = ids(world, list_of(ann, options));
  EXPECT_THAT(given, Contains("x2"));
  EXPECT_THAT(given, Contains("x2-live"));
  EXPECT_THAT(given, Not(Contains("x2-again")));
}

TEST_F(TwoTastes, NoSourceGivesASongReleasedAfterTheMonday) {
  constexpr Date kMonday{std::chrono::year{2011} / 6 / 6};
  // Ben's x2 is what every source would give to ann, ax0's unheard songs what the artist source would; both are due on
  // Tuesday, but for one that is out on Monday.
  world.catalogue.release_day[static_cast<std::size_t>(row("x2"))] = day_of(kMonday) + 1;
  world.song("tuesday", {.artist = "ax0", .day = day_of(kMonday) + 1});
  world.song("monday", {.artist = "ax0", .day = day_of(kMonday)});
  const std::int32_t idle = world.user("idle");
  world.follow(idle, "ax0");
  world.follow(idle, "ax2");
  for (const Source source :
       {Source::als, Source::similar_songs, Source::group, Source::similar_users, Source::artist, Source::popular}) {
    DiscoverWeeklyOptions options = only(source);  // popular: none of the sources, so the filler alone
    options.length = options.candidates = 20;
    for (const std::int32_t user : {ann, idle}) {
      SCOPED_TRACE(fmt::format("{} for {}", name_of(source), world.users.id(user)));
      options.monday = kMonday;
      const auto given = ids(world, list_of(user, options));
      EXPECT_THAT(given, Contains("monday"));
      EXPECT_THAT(given, Contains("x5"));  // without a date
      EXPECT_THAT(given, Not(Contains("tuesday")));
      EXPECT_THAT(given, Not(Contains("x2")));
      options.monday = kMonday + std::chrono::days(1);
      EXPECT_THAT(ids(world, list_of(user, options)), AllOf(Contains("x2"), Contains("tuesday")));
    }
  }
}

TEST_F(TwoTastes, AllListenersInRowOrderByDefault) {
  world.user("idle", {});
  std::vector<std::int32_t> users;
  for (const Playlist& list : world.discover_weekly())
    users.push_back(list.user);
  EXPECT_THAT(users, ElementsAre(ann, ben, cat));
}

TEST_F(TwoTastes, FillsUpWhenTheCatalogueIsSmall) {
  const Playlist list = list_of(ann, {});
  EXPECT_THAT(list.songs, SizeIs(10));  // 12 songs, 2 played
  EXPECT_THAT(reasons(list), Each(Not(IsEmpty())));
}

TEST_F(TwoTastes, ColdStartWithoutFollowsGetsThePopular) {
  const std::int32_t idle = world.user("idle");
  const Playlist list = list_of(idle, {.length = 4});
  EXPECT_TRUE(list.cold_start);
  EXPECT_EQ(list.songs[0].song, row("x1"));
  EXPECT_EQ(list.songs[0].reason, "Popular with all listeners: 2 have streamed it");
  EXPECT_THAT(reasons(list), Contains("From the catalogue: streamed by one listener so far"));
  for (const PlaylistSong& song : list.songs)
    EXPECT_EQ(song.source, Source::popular);
}

TEST_F(TwoTastes, ColdStartWithFollowsGetsTheseArtistsFirst) {
  const std::int32_t idle = world.user("idle");
  world.follow(idle, "ay3");
  world.follow(idle, "ay0");
  const Playlist list = list_of(idle, {.length = 3});
  EXPECT_TRUE(list.cold_start);
  EXPECT_EQ(list.songs[0].song, row("y0"));  // the one with a listener
  EXPECT_EQ(list.songs[0].source, Source::followed_artist);
  EXPECT_EQ(list.songs[0].reason, "From ay0, whom you follow");
  EXPECT_THAT(ids(world, list), UnorderedElementsAre("y0", "y3", "x1"));
}

TEST_F(TwoTastes, SkipsOnlyIsAColdStartWithoutTheSkippedSong) {
  const std::int32_t dan = world.user("dan", {1, 0});
  world.play(dan, row("x1"), 0);
  const Playlist list = list_of(dan, {});
  EXPECT_TRUE(list.cold_start);
  EXPECT_THAT(ids(world, list), Not(Contains("x1")));
  EXPECT_THAT(list.songs, SizeIs(11));
  EXPECT_THAT(reasons(list), Contains("From the catalogue: not streamed by anyone yet"));
}

TEST_F(TwoTastes, NothingLeftIsAnEmptyList) {
  for (std::int32_t song = 0; song < world.songs.size(); ++song)
    world.play(ann, song);
  const Playlist list = list_of(ann, {});
  EXPECT_THAT(list.songs, IsEmpty());
  EXPECT_FALSE(list.cold_start);
}

TEST_F(TwoTastes, RefusesOptionsOutOfRange) {
  const auto message = [&](const DiscoverWeeklyOptions& options, std::vector<std::int32_t> users = {}) -> std::string {
    try {
      world.discover_weekly(options, users);
    } catch (const InvalidArgument& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_EQ(message({.length = 0}), "discover weekly length: 0 is not in 1–500");
  EXPECT_EQ(message({.candidates = 29}), "discover weekly candidates: 29 is not in 30–2048");
  EXPECT_EQ(message({.per_artist = 0}), "discover weekly per_artist: 0 is not in 1–500");
  EXPECT_EQ(message({.weight_group = -1}), "discover weekly weight_group: -1 is not in 0–1000000");
  EXPECT_EQ(message({.weight_als = std::numeric_limits<double>::quiet_NaN()}),
            "discover weekly weight_als: nan is not in 0–1000000");
  EXPECT_EQ(message({}, {0, 3}), "playlists: user row 3 is not in 0–2");
}

TEST_F(TwoTastes, RefusesInputsThatDoNotFit) {
  Inputs inputs = world.inputs();
  inputs.song_vectors = inputs.song_vectors.row_range(0, 5);
  try {
    make_discover_weekly(
        inputs, Device::cpu(), {}, {}, {}, [](const Playlist&) {}, no_progress());
    FAIL() << "accepted";
  } catch (const InvalidArgument& error) {
    EXPECT_STREQ(error.what(), "playlists: song vectors (5) and songs (12) must be equal");
  }
}

TEST(DiscoverWeekly, OneUserAlone) {
  World world(2);
  world.song("heard", {.artist = "a", .vector = {1, 0}});
  world.song("near", {.artist = "b", .vector = {1, 0.5f}});
  world.play(world.user("only", {1, 0}, 0), 0);
  const std::vector<Playlist> lists = world.discover_weekly();
  ASSERT_THAT(lists, SizeIs(1));
  EXPECT_THAT(ids(world, lists[0]), ElementsAre("near"));
}

TEST(DiscoverWeekly, WithoutACatalogueEverySongOfTheLogCanBeGiven) {
  World world(2);
  world.log_only("a\nb", {1, 0});
  world.log_only("near", {1, 0.1f});
  world.log_only("untrained");
  world.play(world.user("u", {1, 0}), 0);
  const std::vector<Playlist> lists = world.discover_weekly();
  EXPECT_THAT(ids(world, lists[0]), UnorderedElementsAre("near", "untrained"));
  EXPECT_EQ(lists[0].songs[0].reason, "Because you stream “a b”");
}

TEST(DiscoverWeekly, SongsThatOnlyTheLogHasAreNotGiven) {
  World world(2);
  world.song("near", {.vector = {1, 0.1f}});
  world.log_only("gone", {1, 0});
  world.log_only("heard", {1, 0});
  world.play(world.user("u", {1, 0}), 2);
  EXPECT_THAT(ids(world, world.discover_weekly()[0]), ElementsAre("near"));
}

TEST(DiscoverWeekly, NobodyAtAll) {
  World world;
  EXPECT_THAT(world.discover_weekly(), IsEmpty());
}

}  // namespace
}  // namespace segue::playlist
