#include "segue/music/score.hpp"

#include <array>
#include <cstdint>

#include "segue/core/random.hpp"

namespace segue::music {
namespace {

struct QualityTraits {
  std::string_view name;
  std::vector<int> intervals;
};

const std::array<QualityTraits, kChordQualities>& traits() {
  static const std::array<QualityTraits, kChordQualities> kTraits = {{
      {"maj", {0, 4, 7}},
      {"min", {0, 3, 7}},
      {"7", {0, 4, 7, 10}},
      {"min7", {0, 3, 7, 10}},
      {"maj7", {0, 4, 7, 11}},
      {"5", {0, 7}},
      {"dim", {0, 3, 6}},
      {"hdim7", {0, 3, 6, 10}},
      {"sus4", {0, 5, 7}},
      {"sus2", {0, 2, 7}},
      {"aug", {0, 4, 8}},
      {"7#9", {0, 4, 7, 10, 15}},
      {"9", {0, 4, 7, 10, 14}},
      {"min9", {0, 3, 7, 10, 14}},
      {"dim7", {0, 3, 6, 9}},
      {"maj6", {0, 4, 7, 9}},
      {"min6", {0, 3, 7, 9}},
      {"minmaj7", {0, 3, 7, 11}},
  }};
  return kTraits;
}

}  // namespace

std::string_view chord_quality_name(ChordQuality quality) {
  return traits()[static_cast<std::size_t>(quality)].name;
}

std::optional<ChordQuality> parse_chord_quality(std::string_view name) {
  for (int i = 0; i < kChordQualities; ++i)
    if (traits()[static_cast<std::size_t>(i)].name == name)
      return static_cast<ChordQuality>(i);
  return std::nullopt;
}

const std::vector<int>& chord_intervals(ChordQuality quality) {
  return traits()[static_cast<std::size_t>(quality)].intervals;
}

double beats_per_bar(audio::Metre metre) {
  static constexpr std::array<double, audio::kMetres> kBeats = {3, 4, 5, 2, 3.5};
  return kBeats[static_cast<std::size_t>(metre)];
}

audio::Split split_of(std::string_view id) {
  std::uint64_t hash = 0xcbf29ce484222325u;  // FNV-1a
  for (const char c : id)
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  const std::uint32_t part = Random(hash).below(10);  // mixes the bits
  return part < 8 ? audio::Split::train : part == 8 ? audio::Split::validation : audio::Split::test;
}

}  // namespace segue::music
