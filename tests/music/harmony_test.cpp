#include "host/music/harmony.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/music/progressions.hpp"
#include "segue/core/error.hpp"

namespace segue::music {
namespace {

void expect_numeral(std::string_view text, int degree, ChordQuality quality, int bass, bool plain) {
  const RomanNumeral numeral = parse_roman(text);
  EXPECT_EQ(numeral.degree, degree) << text;
  EXPECT_EQ(numeral.quality, quality) << text;
  EXPECT_EQ(numeral.bass, bass) << text;
  EXPECT_EQ(numeral.plain, plain) << text;
}

TEST(ParseRoman, Golden) {
  expect_numeral("I", 0, ChordQuality::major, 0, true);
  expect_numeral("iv", 5, ChordQuality::minor, 5, true);
  expect_numeral("bVII", 10, ChordQuality::major, 10, true);
  expect_numeral("#IV", 6, ChordQuality::major, 6, true);
  expect_numeral("V7", 7, ChordQuality::seventh, 7, false);
  expect_numeral("ii7", 2, ChordQuality::minor_seventh, 2, false);
  expect_numeral("Imaj7", 0, ChordQuality::major_seventh, 0, false);
  expect_numeral("iih", 2, ChordQuality::half_diminished, 2, false);
  expect_numeral("iio", 2, ChordQuality::diminished, 2, false);
  expect_numeral("I6", 0, ChordQuality::sixth, 0, false);
  expect_numeral("i6", 0, ChordQuality::minor_sixth, 0, false);
  expect_numeral("V/3", 7, ChordQuality::major, 11, true);
  expect_numeral("ii/3", 2, ChordQuality::minor, 5, true);
}

TEST(ParseRoman, RefusesWhatIsNone) {
  for (const char* text : {"", "b", "VIII", "IIII", "X", "V9", "V/5", "7"})
    EXPECT_THROW(parse_roman(text), InvalidArgument) << text;
}

TEST(Progressions, AllParse) {
  for (int style = 0; style < kStyles; ++style)
    for (const int mode : {0, 1})
      for (std::string_view text : progressions(static_cast<Style>(style), mode))
        while (!text.empty()) {
          const std::size_t end = std::min(text.find(' '), text.size());
          EXPECT_NO_THROW(parse_roman(text.substr(0, end))) << text;
          text.remove_prefix(std::min(end + 1, text.size()));
        }
}

TEST(ComposeChords, FillTheExcerptWithoutGaps) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    Random random(seed);
    Setting setting;
    setting.style = static_cast<Style>(random.below(kStyles));
    setting.bar = draw_bar(audio::kAllMetres[seed % audio::kMetres], random);
    setting.beats = 9 * setting.bar.beats;
    const std::vector<Chord> chords = compose_chords(setting, static_cast<int>(seed % 2), random);
    double now = 0;
    for (const Chord& chord : chords) {
      EXPECT_EQ(chord.on, now);
      EXPECT_GT(chord.off, chord.on);
      now = chord.off;
    }
    EXPECT_EQ(now, setting.beats);
  }
}

TEST(DrawScale, HasTheThirdOfItsModeOrIsBlue) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Random random(seed);
    const int mode = static_cast<int>(seed % 2);
    const Style style = static_cast<Style>(random.below(kStyles));
    const Scale& scale = draw_scale(style, mode, random);
    EXPECT_THAT(scale, testing::Contains(7));
    if (mode == 0 || style != Style::blues) {
      EXPECT_THAT(scale, testing::Contains(mode == 1 ? 4 : 3));
    }
  }
}

}  // namespace
}  // namespace segue::music
