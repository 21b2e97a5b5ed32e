#include "segue/music/score.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <set>

namespace segue::music {
namespace {

TEST(ChordQuality, NamesAndIntervalsAreThoseOfTheory) {
  const std::array<std::pair<ChordQuality, const char*>, 7> named = {{{ChordQuality::major, "maj"},
                                                                      {ChordQuality::seventh, "7"},
                                                                      {ChordQuality::power, "5"},
                                                                      {ChordQuality::half_diminished, "hdim7"},
                                                                      {ChordQuality::sharp_ninth, "7#9"},
                                                                      {ChordQuality::minor_sixth, "min6"},
                                                                      {ChordQuality::minor_major_seventh, "minmaj7"}}};
  for (const auto& [quality, name] : named)
    EXPECT_EQ(chord_quality_name(quality), name);
  EXPECT_EQ(chord_intervals(ChordQuality::minor_seventh), (std::vector<int>{0, 3, 7, 10}));
  EXPECT_EQ(chord_intervals(ChordQuality::diminished_seventh), (std::vector<int>{0, 3, 6, 9}));
  EXPECT_EQ(chord_intervals(ChordQuality::ninth), (std::vector<int>{0, 4, 7, 10, 14}));
}

TEST(ChordQuality, EveryNameParsesBackAndIsUnique) {
  std::set<std::string_view> names;
  for (int i = 0; i < kChordQualities; ++i) {
    const auto quality = static_cast<ChordQuality>(i);
    EXPECT_EQ(parse_chord_quality(chord_quality_name(quality)), quality);
    EXPECT_EQ(chord_intervals(quality).front(), 0);
    names.insert(chord_quality_name(quality));
  }
  EXPECT_EQ(names.size(), kChordQualities);
  EXPECT_EQ(parse_chord_quality("major"), std::nullopt);
}

TEST(BeatsPerBar, CountsTheTactus) {
  EXPECT_EQ(beats_per_bar(audio::Metre::three_four), 3);
  EXPECT_EQ(beats_per_bar(audio::Metre::four_four), 4);
  EXPECT_EQ(beats_per_bar(audio::Metre::five_four), 5);
  EXPECT_EQ(beats_per_bar(audio::Metre::six_eight), 2);
  EXPECT_EQ(beats_per_bar(audio::Metre::seven_eight), 3.5);
}

TEST(SplitOf, SharesAreEightyTenTen) {
  std::array<int, 3> counts{};
  for (int i = 0; i < 20000; ++i)
    ++counts[static_cast<std::size_t>(split_of(fmt::format("nottingham/jigs{}", i)))];
  EXPECT_NEAR(counts[0], 16000, 250);
  EXPECT_NEAR(counts[1], 2000, 180);
  EXPECT_NEAR(counts[2], 2000, 180);
}

// A trained model's test set must stay what it was: these values may never change.
TEST(SplitOf, IsTheSameForEver) {
  std::string splits;
  for (int i = 0; i < 40; ++i)
    splits += "TVE"[static_cast<int>(split_of(fmt::format("pop909/{:03}", i)))];
  EXPECT_EQ(splits, "ETTTTTTETTTTTVTVTETTTTTETTTTTTTTTTVETTTT");
}

}  // namespace
}  // namespace segue::music
