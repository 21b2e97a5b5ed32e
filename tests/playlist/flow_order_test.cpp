#include "host/playlist/flow_order.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "segue/core/random.hpp"
#include "tests/playlist/world.hpp"

namespace segue::playlist {
namespace {

using testing::ElementsAre;

std::vector<std::int32_t> order(World& world, std::vector<std::int32_t> songs) {
  std::vector<Choice> choices;
  for (const std::int32_t song : songs)
    choices.push_back({song, Source::als, 0, 1});
  order_for_flow(world.inputs(), choices);
  std::ranges::transform(choices, songs.begin(), &Choice::song);
  return songs;
}

TEST(FlowOrder, GoesFromTheStrongestToTheNearest) {
  World world(2);
  world.song("east", {.artist = "a", .vector = {1, 0}});
  world.song("north", {.artist = "b", .vector = {0, 1}});
  world.song("north-east", {.artist = "c", .vector = {1, 1}});
  EXPECT_THAT(order(world, {0, 1, 2}), ElementsAre(0, 2, 1));
}

TEST(FlowOrder, HeedsTempoAndEnergyWhereTheyAreKnown) {
  World world(2);
  world.song("slow", {.artist = "a", .flow = {1, 0.2f, 0.5f}});
  world.song("fast", {.artist = "b", .flow = {3, 0.9f, 0.5f}});
  world.song("slower", {.artist = "c", .flow = {0.9f, 0.2f, 0.5f}});
  world.song("louder", {.artist = "d", .flow = {1, 0.8f, 0.5f}});
  EXPECT_THAT(order(world, {0, 1, 2, 3}), ElementsAre(0, 2, 3, 1));
}

TEST(FlowOrder, SeparatesTheSongsOfAnArtistWheneverItIsPossible) {
  Random random(3);
  for (int round = 0; round < 300; ++round) {
    World world(2);
    std::vector<std::int32_t> songs;
    std::map<std::int32_t, int> count;
    const int size = 1 + static_cast<int>(random.below(12));
    for (int i = 0; i < size; ++i) {
      const auto artist = fmt::format("a{}", random.below(4));
      const auto x = static_cast<float>(artist[1] - '0');  // an artist's songs are next to each other
      songs.push_back(world.song(fmt::format("s{}", i), {.artist = artist, .vector = {1, x}}));
      ++count[world.artist(artist)];
    }
    const int most = std::ranges::max_element(count, {}, [](const auto& c) { return c.second; })->second;
    const std::vector<std::int32_t> ordered = order(world, songs);
    EXPECT_TRUE(std::ranges::is_permutation(ordered, songs));
    int in_a_row = 0;
    for (std::size_t i = 1; i < ordered.size(); ++i)
      in_a_row += world.catalogue.artist[static_cast<std::size_t>(ordered[i])] ==
                  world.catalogue.artist[static_cast<std::size_t>(ordered[i - 1])];
    EXPECT_EQ(in_a_row, std::max(0, most - (size - most) - 1)) << "round " << round;
  }
}

TEST(FlowOrder, SongsWithoutArtistMayFollowEachOther) {
  World world(2);
  world.song("x", {.vector = {1, 0}});
  world.song("y", {.vector = {1, 0.1f}});
  world.song("z", {.vector = {0, 1}});
  EXPECT_THAT(order(world, {0, 2, 1}), ElementsAre(0, 1, 2));
}

}  // namespace
}  // namespace segue::playlist
