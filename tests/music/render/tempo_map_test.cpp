#include "host/music/render/tempo_map.hpp"

#include <gtest/gtest.h>

#include <set>

namespace segue::music {
namespace {

Arrangement at(double bpm, double beats, double swing = 0) {
  Arrangement arrangement;
  arrangement.bpm = bpm;
  arrangement.beats = beats;
  arrangement.swing = swing;
  return arrangement;
}

bool is_steady(const TempoMap& tempo, double beat_seconds) {
  for (int beat = 0; beat < 40; ++beat)
    if (std::abs(tempo.seconds(beat + 1) - tempo.seconds(beat) - beat_seconds) > 1e-9)
      return false;
  return true;
}

TEST(TempoMap, HalfAreSteadyAndTheOthersStayNearTheTempo) {
  int steady = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Random random(seed);
    const TempoMap tempo(at(120, 40), 10, random);
    steady += is_steady(tempo, 0.5);
    EXPECT_NEAR(tempo.seconds(40) - tempo.seconds(0), 20, 0.6) << "seed " << seed;
    for (int beat = 0; beat < 40; ++beat)
      EXPECT_NEAR(tempo.seconds(beat + 1) - tempo.seconds(beat), 0.5, 0.05) << "seed " << seed << " beat " << beat;
  }
  EXPECT_GT(steady, 70);
  EXPECT_LT(steady, 130);
}

TEST(TempoMap, BeginsInTheFirstEightBeatsAndEndsWithTheMusic) {
  std::set<int> starts;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Random random(seed);
    const TempoMap tempo(at(60, 40), 20, random);
    EXPECT_GE(tempo.start(), 0);
    EXPECT_LE(tempo.start(), 8.5);
    EXPECT_DOUBLE_EQ(tempo.seconds(0), -tempo.start());
    EXPECT_GE(tempo.seconds(40), 20);
    starts.insert(static_cast<int>(tempo.start()));
  }
  EXPECT_GE(starts.size(), 8u);
}

TEST(TempoMap, StartsAtOnceWhereThereIsNoMoreMusicThanAskedFor) {
  Random random(1);
  EXPECT_EQ(TempoMap(at(60, 10), 20, random).start(), 0);
}

TEST(TempoMap, SwingMovesTheOffBeats) {
  Random random(3);
  const TempoMap tempo(at(60, 8, 0.6), 8, random);
  for (int beat = 0; beat < 8; ++beat) {
    const double begin = tempo.seconds(beat), length = tempo.seconds(beat + 1) - begin;
    EXPECT_NEAR(tempo.seconds(beat + 0.5), begin + 0.6 * length, 1e-12);
    EXPECT_NEAR(tempo.seconds(beat + 0.25), begin + 0.3 * length, 1e-12);
    EXPECT_NEAR(tempo.seconds(beat + 0.75), begin + 0.8 * length, 1e-12);
  }
}

TEST(TempoMap, GoesOnBeyondTheEnds) {
  Random random(1);
  const TempoMap tempo(at(60, 4), 4, random);
  EXPECT_NEAR(tempo.seconds(6) - tempo.seconds(4), 2 * (tempo.seconds(4) - tempo.seconds(3)), 1e-12);
  EXPECT_NEAR(tempo.seconds(0) - tempo.seconds(-1), tempo.seconds(1) - tempo.seconds(0), 1e-12);
}

}  // namespace
}  // namespace segue::music
