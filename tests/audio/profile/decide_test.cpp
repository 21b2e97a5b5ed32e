#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "segue/audio/profile.hpp"

namespace segue::audio {
namespace {

/// A peak of so much mass and deviation (in classes of 1%) at a tempo.
void add_peak(Prediction& prediction, double tempo, double mass, double deviation) {
  std::array<double, kTempoClasses> bump{};
  double total = 0;
  for (int i = 0; i < kTempoClasses; ++i) {
    const double z = std::log(tempo_of_class(i) / tempo) / kTempoStep / deviation;
    total += bump[static_cast<std::size_t>(i)] = std::exp(-0.5 * z * z);
  }
  for (int i = 0; i < kTempoClasses; ++i)
    prediction.tempo[static_cast<std::size_t>(i)] +=
        static_cast<float>(mass * bump[static_cast<std::size_t>(i)] / total);
}

Prediction with_key(int key, float probability) {
  Prediction prediction;
  prediction.key.fill((1 - probability) / (kKeys - 1));
  prediction.key[static_cast<std::size_t>(key)] = probability;
  return prediction;
}

TEST(DecideTempo, BetweenClassesAndItsMassWithinFourPercent) {
  for (const double tempo : {41.3, 88.88, 120.0, 127.35, 201.7}) {
    Prediction prediction;
    add_peak(prediction, tempo, 0.75, 1);
    add_peak(prediction, tempo * 0.75, 0.25, 1);
    const SongProfile profile = decide(prediction, {});
    EXPECT_NEAR(profile.tempo / tempo, 1, 2e-3);
    EXPECT_NEAR(profile.tempo_confidence, 0.75, 1e-3);
    EXPECT_NEAR(profile.second_tempo / tempo, 0.75, 3e-3);
    EXPECT_NEAR(profile.second_tempo_confidence, 0.25, 1e-3);
  }
}

TEST(DecideTempo, ABroadPeakIsLessSure) {
  Prediction prediction;
  add_peak(prediction, 100, 1, 8);
  const SongProfile profile = decide(prediction, {});
  EXPECT_NEAR(profile.tempo, 100, 1);
  EXPECT_NEAR(profile.tempo_confidence, 0.38, 0.05);  // 4% is half a deviation: erf(0.5/√2)
  EXPECT_EQ(profile.second_tempo, 0);                 // its slope is no peak of its own
}

TEST(DecideTempo, NeighbouringPeaksAreOneTempo) {
  Prediction prediction;
  add_peak(prediction, 100, 0.6, 0.7);
  add_peak(prediction, 106, 0.3, 0.7);
  add_peak(prediction, 50, 0.1, 0.7);
  EXPECT_NEAR(decide(prediction, {}).second_tempo, 50, 0.5);
}

TEST(DecideTempo, ARangeIsAPrior) {
  Prediction prediction;
  add_peak(prediction, 70, 0.8, 1);
  add_peak(prediction, 140, 0.2, 1);
  const SongProfile profile = decide(prediction, {.tempo_low = 90, .tempo_high = 180});
  EXPECT_NEAR(profile.tempo, 140, 0.5);
  EXPECT_NEAR(profile.tempo_confidence, 1, 1e-3);
  EXPECT_EQ(profile.second_tempo, 0);
}

TEST(DecideTempo, StaysWithinTheRange) {
  Prediction prediction;
  add_peak(prediction, 88, 1, 3);
  const SongProfile profile = decide(prediction, {.tempo_low = 90, .tempo_high = 180});
  EXPECT_GE(profile.tempo, 90);
  EXPECT_LE(profile.tempo, 93);
}

TEST(DecideTempo, NoDistributionNoTempo) {
  const SongProfile profile = decide(Prediction{}, {});
  EXPECT_EQ(profile.tempo, 0);
  EXPECT_EQ(profile.tempo_confidence, 0);
  EXPECT_EQ(profile.second_tempo, 0);
}

TEST(DecideKey, TonicModeAndBothConfidences) {
  Prediction prediction = with_key(0, 0);
  prediction.key.fill(0);
  prediction.key[9 + 12] = 0.5f;  // A minor
  prediction.key[4 + 12] = 0.25f;
  prediction.key[0] = 0.25f;
  const SongProfile profile = decide(prediction, {});
  EXPECT_EQ(profile.key, 9);
  EXPECT_EQ(profile.mode, 0);
  EXPECT_FLOAT_EQ(static_cast<float>(profile.key_confidence), 0.5f);
  EXPECT_FLOAT_EQ(static_cast<float>(profile.mode_confidence), 0.75f);
}

TEST(DecideKey, EachOfThe24) {
  for (int key = 0; key < kKeys; ++key) {
    const SongProfile profile = decide(with_key(key, 0.4f), {});
    EXPECT_EQ(profile.key, key % 12);
    EXPECT_EQ(profile.mode, key < 12 ? 1 : 0);
  }
}

TEST(DecideKey, NoneWhereNoKeyStandsOut) {
  for (const float probability : {1.0f / kKeys, 0.1f}) {
    const SongProfile profile = decide(with_key(3, probability), {});
    EXPECT_EQ(profile.key, -1);
    EXPECT_EQ(profile.mode, -1);
    EXPECT_FLOAT_EQ(static_cast<float>(profile.key_confidence), probability);
    EXPECT_EQ(profile.mode_confidence, 0);
  }
  Prediction damaged;
  damaged.key.fill(NAN);
  EXPECT_EQ(decide(damaged, {}).key, -1);
}

TEST(DecideMetre, TheMostProbable) {
  for (const Metre metre : kAllMetres) {
    Prediction prediction;
    prediction.metre.fill(0.1f);
    prediction.metre[static_cast<std::size_t>(metre)] = 0.6f;
    const SongProfile profile = decide(prediction, {});
    EXPECT_EQ(profile.time_signature, time_signature(metre));
    EXPECT_FLOAT_EQ(static_cast<float>(profile.time_signature_confidence), 0.6f);
  }
}

TEST(IsSilent, BelowMinusSeventy) {
  constexpr double kNone = -std::numeric_limits<double>::infinity();
  EXPECT_TRUE(is_silent({kNone, 0, kNone}));
  EXPECT_TRUE(is_silent({kNone, 0, -80}));
  EXPECT_FALSE(is_silent({kNone, 0, -20}));  // a click of less than 400 ms has no integrated loudness
  EXPECT_FALSE(is_silent({-60, 0, -55}));
}

TEST(KeyName, Names) {
  EXPECT_EQ(key_name(0, 1), "C major");
  EXPECT_EQ(key_name(1, 0), "C# minor");
  EXPECT_EQ(key_name(11, 0), "B minor");
  EXPECT_EQ(key_name(-1, -1), "none");
  EXPECT_EQ(key_name(12, 1), "none");
}

}  // namespace
}  // namespace segue::audio
