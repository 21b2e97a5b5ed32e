#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <set>

#include "host/music/draw.hpp"
#include "host/music/tune.hpp"

namespace segue::music {
namespace {

/// Two octaves of A major in quarters, with a chord a bar.
Score a_major(double beats) {
  Score score;
  score.id = "test/a";
  score.corpus = "test";
  score.key = 9;
  score.mode = 1;
  score.beats = beats;
  constexpr std::array<int, 7> kScale = {0, 2, 4, 5, 7, 9, 11};
  for (int i = 0; i < static_cast<int>(beats); ++i)
    score.melody.push_back({i + 0.0, i + 1.0, 57 + 12 * (i / 7 % 2) + kScale[static_cast<std::size_t>(i % 7)], 90});
  for (double on = 0; on < beats; on += 4)
    score.chords.push_back({on, on + 4, 9, ChordQuality::major, 9});
  return score;
}

Setting setting_of(double beats) {
  Random random(1);
  Setting setting;
  setting.bar = draw_bar(audio::Metre::four_four, random);
  setting.beats = beats;
  return setting;
}

TEST(ToParallelMinor, Golden) {
  Score score = a_major(16);
  score.chords = {{0, 4, 9, ChordQuality::major, 1},     // A/C#
                  {4, 8, 6, ChordQuality::minor, 6},     // F#m
                  {8, 12, 4, ChordQuality::seventh, 4},  // E7
                  {12, 16, 2, ChordQuality::major, 2}};  // D
  Score harmonic = score;
  to_parallel_minor(harmonic, false);
  EXPECT_EQ(harmonic.mode, 0);
  std::vector<int> degrees;
  for (int i = 0; i < 7; ++i)
    degrees.push_back(harmonic.melody[static_cast<std::size_t>(i)].pitch - 57);
  EXPECT_THAT(degrees, testing::ElementsAre(0, 2, 3, 5, 7, 8, 11));
  EXPECT_EQ(harmonic.chords[0].quality, ChordQuality::minor);
  EXPECT_EQ(harmonic.chords[0].bass, 0);  // C
  EXPECT_EQ(harmonic.chords[1].root, 5);  // F
  EXPECT_EQ(harmonic.chords[1].quality, ChordQuality::major);
  EXPECT_EQ(harmonic.chords[2].quality, ChordQuality::major);  // E keeps its G#
  EXPECT_EQ(harmonic.chords[3].quality, ChordQuality::minor);
  to_parallel_minor(score, true);
  EXPECT_EQ(score.melody[6].pitch - 57, 10);
  EXPECT_EQ(score.chords[2].quality, ChordQuality::minor);
}

TEST(Transpose, TakesAllAlong) {
  Tune tune;
  tune.key = 9;
  tune.melody = {{0, 1, 60, 90}};
  tune.accompaniment = {{0, 1, 40, 90}};
  tune.chords = {{0, 4, 11, ChordQuality::minor, 2}};
  transpose(tune, 5);
  EXPECT_EQ(tune.key, 2);
  EXPECT_EQ(tune.melody[0].pitch, 65);
  EXPECT_EQ(tune.accompaniment[0].pitch, 45);
  EXPECT_EQ(tune.chords[0].root, 4);
  EXPECT_EQ(tune.chords[0].bass, 7);
  tune.key = -1;
  transpose(tune, 3);
  EXPECT_EQ(tune.key, -1);
}

TEST(ExcerptOf, KeepsPitchesRelativeToTheKey) {
  const Score score = a_major(64);
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Random random(seed);
    const Tune tune = excerpt_of(score, setting_of(32), random);
    const std::set<int> scale = tune.mode == 1 ? std::set{0, 2, 4, 5, 7, 9, 11} : std::set{0, 2, 3, 5, 7, 8, 10, 11};
    EXPECT_EQ(tune.melody.size(), 32);
    for (const Note& note : tune.melody)
      EXPECT_TRUE(scale.contains(modulo(note.pitch - tune.key, 12)));
    for (const Chord& chord : tune.chords)
      EXPECT_EQ(chord.root, tune.key);
    EXPECT_EQ(tune.id, "test/a");
    EXPECT_EQ(tune.source, "test");
  }
}

TEST(ExcerptOf, KeysAreUniformAndFortyPercentTurnMinor) {
  const Score score = a_major(64);
  std::array<int, 12> keys{};
  int minor = 0;
  constexpr int kDraws = 6000;
  for (std::uint64_t seed = 0; seed < kDraws; ++seed) {
    Random random(seed);
    const Tune tune = excerpt_of(score, setting_of(16), random);
    ++keys[static_cast<std::size_t>(tune.key)];
    minor += tune.mode == 0;
  }
  for (const int count : keys)
    EXPECT_NEAR(count, kDraws / 12, 90);  // four standard deviations
  EXPECT_NEAR(minor, 0.4 * kDraws, 160);
}

TEST(ExcerptOf, RepeatsAShortScoreOnBarLines) {
  const Score score = a_major(18);  // four bars and a coda, which does not repeat
  Random random(3);
  const Tune tune = excerpt_of(score, setting_of(40), random);
  EXPECT_EQ(tune.melody.size(), 40);
  EXPECT_EQ(tune.melody[16].on, 16);
  EXPECT_EQ(tune.melody[16].pitch, tune.melody[0].pitch);
}

TEST(ExcerptOf, AnUnknownKeyStaysUnknown) {
  Score score = a_major(32);
  score.key = score.mode = -1;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Random random(seed);
    const Tune tune = excerpt_of(score, setting_of(16), random);
    EXPECT_EQ(tune.key, -1);
    EXPECT_EQ(tune.mode, -1);
  }
}

}  // namespace
}  // namespace segue::music
