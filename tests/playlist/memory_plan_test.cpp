#include "segue/playlist/memory_plan.hpp"

#include <gtest/gtest.h>

#include "segue/core/parallel.hpp"
#include "tests/playlist/world.hpp"

namespace segue::playlist {
namespace {

class Plan : public testing::Test {
 protected:
  Plan() { set_thread_count(2); }
  ~Plan() override { set_thread_count(0); }
  static std::int64_t bytes(World world, const DiscoverWeeklyOptions& weekly = {},
                            const ReleaseRadarOptions& radar = {}) {
    return memory_plan(world.inputs(), weekly, radar).total_bytes();
  }
  const World world = random_world(1, {});
};

TEST_F(Plan, GrowsWithBlockCandidatesAndSongs) {
  const std::int64_t usual = bytes(world, {.block_users = 10});
  EXPECT_GT(bytes(world, {.block_users = 20}), usual);
  EXPECT_GT(bytes(world, {.candidates = 301, .block_users = 10}), usual);
  EXPECT_GT(bytes(random_world(1, {.songs = 2000}), {.block_users = 10}), usual);
  EXPECT_EQ(bytes(world, {.block_users = 40}), bytes(world, {.block_users = 1 << 24}));  // there are 40 users
}

TEST_F(Plan, CountsNoSourceThatIsSwitchedOff) {
  World many = random_world(1, {});
  const Inputs inputs = many.inputs();
  const auto with = [&](const DiscoverWeeklyOptions& options) { return memory_plan(inputs, options, {}).to_string(); };
  EXPECT_NE(with({}).find("neighbours of songs"), std::string::npos);
  EXPECT_EQ(with({.weight_similar_songs = 0}).find("neighbours of songs"), std::string::npos);
  EXPECT_NE(with({}).find("listeners to search"), std::string::npos);
  EXPECT_EQ(with({.weight_similar_users = 0}).find("listeners to search"), std::string::npos);
}

TEST_F(Plan, IsOfThePlaylistThatNeedsMore) {
  World many = random_world(1, {});
  const Inputs inputs = many.inputs();
  EXPECT_TRUE(memory_plan(inputs, {}, {}).to_string().starts_with("discover weekly: needs "));
  const MemoryPlan radar = memory_plan(inputs, {.candidates = 30, .block_users = 1}, {.length = 500});
  EXPECT_TRUE(radar.to_string().starts_with("release radar: needs ")) << radar.to_string();
}

TEST_F(Plan, OfNothingIsOnlyAFewBytes) {
  EXPECT_LT(bytes(World()), 1000);
}

}  // namespace
}  // namespace segue::playlist
