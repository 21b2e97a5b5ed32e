#include "host/music/render/voice.hpp"

#include <gtest/gtest.h>

#include "host/music/render/effects.hpp"
#include "tests/music/render/sound.hpp"

namespace segue::music {
namespace {

constexpr int kRate = 22'050;

TEST(Sing, HoldsThePitchAndItsDetuning) {
  for (const double detuning : {-40.0, 0.0, 25.0}) {
    Random random(7);
    const std::vector<TimedNote> notes = {{.on = 0.1, .off = 3.9, .pitch = 57}};
    const std::vector<float> voice = sing(notes, detuning, kRate, 4 * kRate, random);
    ASSERT_EQ(voice.size(), 4u * kRate);
    EXPECT_NEAR(cents_from(std::span(voice).subspan(kRate, 2 * kRate), kRate, 220), detuning, 6);
  }
}

TEST(Sing, SoundsWhereItsNotesAreAndAlone) {
  Random random(1);
  const std::vector<TimedNote> notes = {{.on = 2, .off = 2.5, .pitch = 60}, {.on = 1, .off = 3, .pitch = 64}};
  const std::vector<float> voice = sing(notes, 0, kRate, 4 * kRate, random);
  const std::span<const float> heard = voice;
  EXPECT_LT(rms(heard.subspan(0, kRate * 9 / 10)), 1e-6);
  EXPECT_GT(rms(heard.subspan(kRate * 11 / 10, kRate / 2)), 1e-2);
  EXPECT_LT(rms(heard.subspan(3 * kRate)), 1e-3) << "the first note ends where the second begins";
}

TEST(Sing, NothingIsSilence) {
  Random random(1);
  EXPECT_EQ(rms(sing({}, 0, kRate, kRate, random)), 0);
  EXPECT_EQ(rms(rap({}, kRate, kRate, random)), 0);
}

TEST(Rap, SpeaksOnTime) {
  Random random(1);
  const std::vector<TimedNote> syllables = {{.on = 0.5, .off = 0.7}};
  const std::vector<float> voice = rap(syllables, kRate, kRate, random);
  const std::span<const float> heard = voice;
  EXPECT_LT(rms(heard.subspan(0, kRate * 4 / 10)), 1e-6);
  EXPECT_GT(rms(heard.subspan(kRate / 2, kRate / 5)), 1e-2);
  for (const float sample : voice)
    ASSERT_TRUE(std::isfinite(sample));
}

}  // namespace
}  // namespace segue::music
