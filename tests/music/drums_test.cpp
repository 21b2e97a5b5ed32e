#include "host/music/drums.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "host/music/draw.hpp"

namespace segue::music {
namespace {

Setting setting_in(audio::Metre metre, Random& random) {
  Setting setting;
  setting.style = static_cast<Style>(random.below(kStyles));
  setting.bar = draw_bar(metre, random);
  setting.bpm = between(random, 60, 180);
  setting.beats = 8 * setting.bar.beats;
  return setting;
}

/// What is hit when in the first two bars.
std::string fingerprint(const std::vector<StemNote>& notes, const Bar& bar) {
  std::set<std::pair<int, int>> hits;
  for (const StemNote& note : notes)
    if (note.on < 2 * bar.beats)
      hits.insert({static_cast<int>(std::lround(note.on * 12)), note.pitch});
  std::string text;
  for (const auto& [time, pitch] : hits)
    text += fmt::format("{}:{} ", time, pitch);
  return text;
}

TEST(PlayDrums, OddMetresAreVaried) {
  for (const audio::Metre metre : {audio::Metre::five_four, audio::Metre::seven_eight}) {
    std::set<std::string> rhythms;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
      Random random(seed);
      const Setting setting = setting_in(metre, random);
      rhythms.insert(fingerprint(play_drums(setting, {}, random), setting.bar));
    }
    EXPECT_GT(rhythms.size(), 150);
  }
}

TEST(PlayDrums, KickMarksTheDownbeat) {
  using percussion::kAcousticKick, percussion::kKick, percussion::kFloorTom;
  for (const audio::Metre metre : audio::kAllMetres) {
    std::map<int, int> kicks;  // by twelfth of a beat in the bar
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
      Random random(seed);
      const Setting setting = setting_in(metre, random);
      for (const StemNote& note : play_drums(setting, {}, random))
        if (note.pitch == kAcousticKick || note.pitch == kKick || note.pitch == kFloorTom)
          ++kicks[static_cast<int>(std::lround(std::fmod(note.on, setting.bar.beats) * 12))];
    }
    for (const auto& [place, count] : kicks)
      if (place != 0) {
        EXPECT_LT(count, kicks[0]) << audio::metre_name(metre) << " at " << place / 12.0;
      }
  }
}

TEST(PlayDrums, SixEightFallsOnThirdsAndThreeFourOnHalves) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Random random(seed);
    const Setting six = setting_in(audio::Metre::six_eight, random);
    for (const StemNote& note : play_drums(six, {}, random))
      EXPECT_NEAR(note.on * 6, std::round(note.on * 6), 1e-6) << note.on;
    const Setting three = setting_in(audio::Metre::three_four, random);
    for (const StemNote& note : play_drums(three, {}, random))
      EXPECT_NEAR(note.on * 4, std::round(note.on * 4), 1e-6) << note.on;
  }
}

TEST(GroovesFor, MatchesTheFamilyOfTheStyle) {
  const Groove funk{"groove/1", "funk/groove1", 100, 16, {}};
  const Groove rock{"groove/2", "rock", 100, 16, {}};
  const Groove rocksteady{"groove/3", "rocksteady", 100, 16, {}};
  const std::vector<const Groove*> all = {&funk, &rock, &rocksteady};
  EXPECT_THAT(grooves_for(Style::hip_hop, all), testing::ElementsAre(&funk));
  EXPECT_THAT(grooves_for(Style::metal, all), testing::ElementsAre(&rock));
  EXPECT_THAT(grooves_for(Style::house, all), testing::IsEmpty());
}

TEST(ExcerptOfGroove, RepeatsWholeBars) {
  Groove groove{"groove/1", "rock", 100, 12, {}};  // three bars, the kick a little early
  for (int beat = 0; beat < 14; ++beat)
    groove.hits.push_back({std::max(0.0, beat - 0.02), beat % 4 == 0 ? 36 : 42, 90});
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    Random random(seed);
    const std::vector<DrumHit> hits = excerpt_of(groove, 40, random);
    ASSERT_GE(hits.size(), 40);  // the next kick may come before beat 40
    for (std::size_t i = 0; i < hits.size(); ++i) {
      EXPECT_NEAR(hits[i].beat, static_cast<double>(i), 0.021);
      EXPECT_EQ(hits[i].pitch, i % 4 == 0 ? 36 : 42);
    }
  }
  groove.beats = 4;
  Random random(1);
  EXPECT_TRUE(excerpt_of(groove, 40, random).empty());
}

}  // namespace
}  // namespace segue::music
