#include "segue/playlist/release_radar.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "segue/core/error.hpp"
#include "tests/playlist/world.hpp"

namespace segue::playlist {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::int32_t kDay = day_of(kFriday);

// Ann streams "loved", follows "dear"; artists by taste: loved, near (cosine 0.89), far (0).
class NewSongs : public testing::Test {
 protected:
  NewSongs() : world(2) {
    world.song("loved-old", {.artist = "loved", .day = kDay - 900, .vector = {1, 0}});
    world.song("near-old", {.artist = "near", .day = kDay - 900, .vector = {1, 0.5f}});
    world.song("far-old", {.artist = "far", .day = kDay - 900, .vector = {0, 1}});
    world.song("dear-old", {.artist = "dear", .day = kDay - 900, .vector = {0, 1}});
    ann = world.user("ann", {1, 0});
    ben = world.user("ben", {0, 1});
    world.play(ann, 0, 4);
    for (std::int32_t song = 1; song < 4; ++song)
      world.play(ben, song);
    world.follow(ann, "dear");
    for (int i = 0; i < 2; ++i) {
      const std::int32_t other = world.user(fmt::format("other{}", i), {0, 1});
      for (std::int32_t song = 0; song < 4; ++song)
        world.play(other, song);
    }
  }
  void add(const std::string& id, const std::string& artist, int days_ago) {
    world.song(id, {.artist = artist, .day = kDay - days_ago});
  }
  Playlist radar(ReleaseRadarOptions options = {}) {
    options.friday = kFriday;
    return world.release_radar(options, std::vector{ann}).at(0);
  }
  World world;
  std::int32_t ann, ben;
};

TEST_F(NewSongs, FollowedArtistsFirstThenTheClosest) {
  add("near-new", "near", 0);
  add("loved-new", "loved", 20);
  add("far-new", "far", 1);
  add("dear-new", "dear", 27);
  const Playlist list = radar();
  ASSERT_THAT(ids(world, list), ElementsAre("dear-new", "loved-new", "near-new"));
  EXPECT_EQ(list.songs[0].source, Source::followed_artist);
  EXPECT_EQ(list.songs[0].reason, "New from dear, whom you follow");
  EXPECT_EQ(list.songs[1].source, Source::similar_artist);
  EXPECT_EQ(list.songs[1].reason, "New from loved, whom you stream");
  EXPECT_EQ(list.songs[2].reason, "New from near, close to loved, whom you stream");
  EXPECT_NEAR(list.songs[2].score, 1 / std::sqrt(1.25), 1e-6);
}

TEST_F(NewSongs, TheWindowEndsOnFridayAndHasItsLength) {
  for (const int days_ago : {-1, 0, 27, 28})
    add(fmt::format("dear{}", days_ago), "dear", days_ago);
  world.song("undated", {.artist = "dear"});
  EXPECT_THAT(ids(world, radar()), ElementsAre("dear0", "dear27"));
  EXPECT_THAT(ids(world, radar({.window_days = 29})), ElementsAre("dear0", "dear27", "dear28"));
  EXPECT_THAT(ids(world, radar({.window_days = 1})), ElementsAre("dear0"));
}

TEST_F(NewSongs, LeavesOutWhatWasPlayedAndSkipped) {
  add("played", "dear", 1);
  add("skipped", "dear", 2);
  add("unheard", "dear", 3);
  world.play(ann, world.songs.find("played"), 1);
  world.play(ann, world.songs.find("skipped"), 0);
  EXPECT_THAT(ids(world, radar()), ElementsAre("unheard"));
}

TEST_F(NewSongs, AllOfAFollowedArtistWhenTheyFit) {
  for (int i = 0; i < 5; ++i)
    add(fmt::format("dear{}", i), "dear", i);
  EXPECT_THAT(ids(world, radar()), ElementsAre("dear0", "dear1", "dear2", "dear3", "dear4"));
}

TEST_F(NewSongs, TakesTurnsWhenTheyDoNotFit) {
  world.follow(ann, "loved");
  for (int i = 0; i < 5; ++i) {
    add(fmt::format("dear{}", i), "dear", i);
    add(fmt::format("loved{}", i), "loved", 10 + i);
  }
  EXPECT_THAT(ids(world, radar({.length = 4})), ElementsAre("dear0", "dear1", "loved0", "loved1"));
  EXPECT_THAT(ids(world, radar({.length = 3})), ElementsAre("dear0", "loved0", "loved1"));  // ann streams loved
}

TEST_F(NewSongs, CapsArtistsThatAreNotFollowed) {
  for (int i = 0; i < 4; ++i)
    add(fmt::format("near{}", i), "near", i);
  EXPECT_THAT(ids(world, radar()), ElementsAre("near0", "near1"));
  EXPECT_THAT(ids(world, radar({.per_artist = 3})), ElementsAre("near0", "near1", "near2"));
}

TEST_F(NewSongs, OnlyCloseArtists) {
  add("near-new", "near", 0);
  EXPECT_THAT(radar({.similar_artists = 1}).songs, IsEmpty());  // loved is closer, and has nothing new
  EXPECT_THAT(radar({.min_similarity = 0.9}).songs, IsEmpty());
  EXPECT_THAT(radar({.similar_artists = 0}).songs, IsEmpty());
  EXPECT_THAT(ids(world, radar({.similar_artists = 2, .min_similarity = 0.89})), ElementsAre("near-new"));
}

TEST_F(NewSongs, ArtistsWithFewListenersAreNotClose) {
  add("near-new", "near", 0);
  add("dear-new", "dear", 0);
  EXPECT_THAT(ids(world, radar({.min_listeners = 3})), ElementsAre("dear-new", "near-new"));
  EXPECT_THAT(ids(world, radar({.min_listeners = 4})), ElementsAre("dear-new"));  // which is followed
}

TEST_F(NewSongs, NamesNoArtistWithFewListenersAsClose) {
  world.song("mine", {.artist = "only ann's", .vector = {1, 0.5f}});
  world.play(ann, world.songs.find("mine"), 9);
  add("near-new", "near", 0);
  EXPECT_EQ(radar().songs.at(0).reason, "New from near, close to loved, whom you stream");
  EXPECT_EQ(radar({.min_listeners = 1}).songs.at(0).reason, "New from near, close to only ann's, whom you stream");
}

TEST_F(NewSongs, WithoutTasteOnlyFollowedArtists) {
  add("near-new", "near", 0);
  add("dear-new", "dear", 0);
  const std::int32_t follower = world.user("follower");
  world.follow(follower, "dear");
  world.user("nobody");
  const std::vector<Playlist> lists = world.release_radar({.friday = kFriday});
  ASSERT_EQ(lists.size(), 5);  // ann, ben, two others, follower; nobody has neither listens nor follows
  EXPECT_EQ(lists[4].user, follower);
  EXPECT_TRUE(lists[4].cold_start);
  EXPECT_THAT(ids(world, lists[4]), ElementsAre("dear-new"));
}

TEST_F(NewSongs, WithoutUserVectorsOnlyFollowedArtists) {
  add("near-new", "near", 0);
  add("dear-new", "dear", 0);
  Inputs inputs = world.inputs();
  inputs.user_vectors = {};
  std::vector<Playlist> lists;
  make_release_radar(
      inputs, Device::cpu(), {.friday = kFriday}, std::vector{ann},
      [&](const Playlist& list) { lists.push_back(list); }, no_progress());
  EXPECT_THAT(ids(world, lists.at(0)), ElementsAre("dear-new"));
}

TEST_F(NewSongs, NothingNewIsAnEmptyList) {
  const Playlist list = radar();
  EXPECT_EQ(list.user, ann);
  EXPECT_THAT(list.songs, IsEmpty());
}

TEST_F(NewSongs, RefusesOptionsOutOfRange) {
  try {
    radar({.similar_artists = 2049});
    FAIL() << "accepted";
  } catch (const InvalidArgument& error) {
    EXPECT_STREQ(error.what(), "release radar similar_artists: 2049 is not in 0–2048");
  }
}

TEST(ReleaseRadar, WithoutACatalogueListsAreEmpty) {
  World world(2);
  world.log_only("s", {1, 0});
  world.play(world.user("u", {1, 0}), 0);
  const std::vector<Playlist> lists = world.release_radar({.friday = kFriday});
  ASSERT_EQ(lists.size(), 1);
  EXPECT_THAT(lists[0].songs, IsEmpty());
}

}  // namespace
}  // namespace segue::playlist
