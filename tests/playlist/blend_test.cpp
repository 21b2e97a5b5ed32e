#include "host/playlist/blend.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/playlist/world.hpp"

namespace segue::playlist {
namespace {

using testing::ElementsAre;

std::vector<std::int32_t> songs_of(const std::vector<Choice>& choices) {
  std::vector<std::int32_t> songs;
  for (const Choice& choice : choices)
    songs.push_back(choice.song);
  return songs;
}

TEST(Fuse, AddsWeightedReciprocalRanks) {
  const Ranking als{{7, 0}, {8, 0}}, group{{8, 5}, {9, 6}};
  const std::vector<WeightedRanking> rankings{{Source::als, 1.0, als}, {Source::group, 0.5, group}};
  const std::vector<Choice> fused = fuse(rankings);
  ASSERT_THAT(songs_of(fused), ElementsAre(8, 7, 9));
  EXPECT_DOUBLE_EQ(fused[0].score, (61.0 / 62 + 0.5) / 1.5);
  EXPECT_DOUBLE_EQ(fused[1].score, 1 / 1.5);
  EXPECT_DOUBLE_EQ(fused[2].score, 0.5 * 61 / 62 / 1.5);
  EXPECT_EQ(fused[0].source, Source::als);  // its second place counts more than the group's first
  EXPECT_EQ(fused[2].source, Source::group);
  EXPECT_EQ(fused[2].because, 6);
}

TEST(Fuse, EqualScoresAreInRowOrder) {
  const Ranking one{{5, 0}}, other{{3, 0}};
  const std::vector<WeightedRanking> rankings{{Source::als, 1.0, one}, {Source::group, 1.0, other}};
  EXPECT_THAT(songs_of(fuse(rankings)), ElementsAre(3, 5));
  EXPECT_TRUE(fuse({}).empty());
}

class Choose : public testing::Test {
 protected:
  Choose() {
    for (int i = 0; i < 12; ++i)
      world.song(fmt::format("s{}", i), {.artist = fmt::format("a{}", i / 3)});
    for (int i = 0; i < 3; ++i)  // s11 has three listeners, s10 two, s9 one
      for (int song = 11 - i; song < 12; ++song)
        world.play(i < world.users.size() ? i : world.user(std::to_string(i)), song);
  }
  std::vector<std::int32_t> choose_songs(const ListRules& rules, const std::vector<std::int32_t>& fused,
                                         const std::vector<std::int32_t>& unwanted = {},
                                         const std::vector<std::int32_t>& known = {}) {
    const Inputs inputs = world.inputs();
    std::vector<Choice> choices;
    for (const std::int32_t song : fused)
      choices.push_back({song, Source::als, 0, 1});
    return songs_of(choose(inputs, SongFacts(inputs), rules, choices, unwanted, known));
  }
  World world;
};

TEST_F(Choose, KeepsTheArtistCap) {
  EXPECT_THAT(choose_songs({.length = 3, .per_artist = 2, .known_artist_songs = 3, .artist_seats = 0}, {0, 1, 2, 3, 4}),
              ElementsAre(0, 1, 3));
}

TEST_F(Choose, PrefersArtistsNotKnownUntilThereAreNoOthers) {
  const std::vector<std::int32_t> known{0};
  EXPECT_THAT(
      choose_songs({.length = 3, .per_artist = 2, .known_artist_songs = 1, .artist_seats = 0}, {0, 1, 3, 6}, {}, known),
      ElementsAre(0, 3, 6));
  EXPECT_THAT(
      choose_songs({.length = 3, .per_artist = 2, .known_artist_songs = 1, .artist_seats = 0}, {0, 1, 3}, {}, known),
      ElementsAre(0, 3, 1));
}

TEST_F(Choose, FillsWithThePopularThenWithAnything) {
  EXPECT_THAT(choose_songs({.length = 5, .per_artist = 2, .known_artist_songs = 5, .artist_seats = 0}, {4}, {10}),
              ElementsAre(4, 11, 9, 0, 1));
  EXPECT_THAT(choose_songs({.length = 30, .per_artist = 1, .known_artist_songs = 30, .artist_seats = 0}, {}),
              ElementsAre(11, 0, 3, 6));
}

TEST_F(Choose, TakesOneOfTwins) {
  world.song("t1", {.title = "Same Song", .artist = "twins"});
  world.song("t2", {.title = "same song", .artist = "twins"});
  world.song("t3", {.title = "Same Song", .artist = "others"});
  EXPECT_THAT(choose_songs({.length = 3, .per_artist = 2, .known_artist_songs = 3, .artist_seats = 0}, {13, 12, 14}),
              ElementsAre(13, 14, 11));
}

}  // namespace
}  // namespace segue::playlist
