#include "host/music/bar.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "host/music/rhythm.hpp"
#include "segue/music/score.hpp"

namespace segue::music {
namespace {

using testing::DoubleEq;
using testing::ElementsAre;
using testing::Pointwise;

TEST(DrawBar, SimpleMetres) {
  Random random(1);
  const Bar waltz = draw_bar(audio::Metre::three_four, random);
  EXPECT_THAT(waltz.pulses, ElementsAre(0, 1, 2));
  EXPECT_THAT(waltz.accents, ElementsAre(0, 1, 2));
  const Bar jig = draw_bar(audio::Metre::six_eight, random);
  EXPECT_EQ(eighths_of(jig), 6);
  EXPECT_THAT(jig.accents, ElementsAre(0, DoubleEq(1)));
  EXPECT_EQ(jig.pulses.size(), 6);
}

TEST(DrawBar, OddMetresComeInAllGroupings) {
  std::set<std::vector<double>> fives, sevens;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    Random random(seed);
    fives.insert(draw_bar(audio::Metre::five_four, random).accents);
    sevens.insert(draw_bar(audio::Metre::seven_eight, random).accents);
  }
  EXPECT_THAT(fives, testing::IsSupersetOf({std::vector<double>{0, 3}, {0, 2}}));
  EXPECT_THAT(sevens, testing::IsSupersetOf({std::vector<double>{0, 1, 2}, {0, 1.5, 2.5}, {0, 1, 2.5}}));
}

TEST(BarLineBefore, TakesWhatIsNearlyOnIt) {
  Random random(1);
  const Bar bar = draw_bar(audio::Metre::seven_eight, random);
  EXPECT_EQ(bar_line_before(bar, 3.4), 0);
  EXPECT_EQ(bar_line_before(bar, 3.4999), 3.5);
  EXPECT_EQ(bar_line_before(bar, 7.2), 7);
  EXPECT_EQ(bar_line_before(bar, -0.001), 0);
}

TEST(DrawStrokes, LieInTheBarInOrder) {
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    Random random(seed);
    const Bar bar = draw_bar(audio::kAllMetres[seed % audio::kMetres], random);
    const auto comping = static_cast<Comping>(1 + random.below(8));
    double before = -1;
    const std::vector<Stroke> strokes = draw_strokes(comping, bar, random);
    EXPECT_FALSE(strokes.empty());
    for (const Stroke& stroke : strokes) {
      EXPECT_GT(stroke.on, before);
      EXPECT_LT(stroke.on, bar.beats);
      EXPECT_GT(stroke.off, stroke.on);
      before = stroke.on;
    }
  }
}

TEST(DrawStrokes, WaltzesAndJigsLeaveTheAccentsToTheBass) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Random random(seed);
    const Bar waltz = draw_bar(audio::Metre::three_four, random);
    std::vector<double> onsets;
    for (const Stroke& stroke : draw_strokes(Comping::chick, waltz, random))
      onsets.push_back(stroke.on);
    EXPECT_THAT(onsets, ElementsAre(1, 2));
    const Bar jig = draw_bar(audio::Metre::six_eight, random);
    for (const Stroke& stroke : draw_strokes(Comping::chick, jig, random))
      EXPECT_GT(std::abs(stroke.on - std::round(stroke.on)), 0.3);
  }
}

TEST(StrokesWithin, RepeatsTheBarAndStopsAtTheEnd) {
  Random random(1);
  const Bar bar = draw_bar(audio::Metre::four_four, random);
  std::vector<double> onsets;
  for (const Stroke& stroke : strokes_within({{0, 1}, {2.5, 4}}, bar, 2, 7)) {
    onsets.push_back(stroke.on);
    EXPECT_LE(stroke.off, 7);
  }
  EXPECT_THAT(onsets, ElementsAre(2.5, 4, 6.5));
}

TEST(StrokesWithin, ALongChordIsNeverSilent) {
  Random random(1);
  const Bar bar = draw_bar(audio::Metre::four_four, random);
  const std::vector<Stroke> strokes = strokes_within({{0, 1}}, bar, 1, 3);
  ASSERT_EQ(strokes.size(), 1);
  EXPECT_EQ(strokes[0].on, 1);
  EXPECT_EQ(strokes[0].off, 3);
  EXPECT_TRUE(strokes_within({{0, 1}}, bar, 1, 1.25).empty());
}

}  // namespace
}  // namespace segue::music
