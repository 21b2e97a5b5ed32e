#include "host/music/harmony.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <span>
#include <string>

#include "host/music/draw.hpp"
#include "host/music/progressions.hpp"
#include "host/music/styles.hpp"
#include "segue/core/error.hpp"

namespace segue::music {
namespace {

struct NamedDegree {
  std::string_view name;
  int semitones;
};
constexpr std::array<NamedDegree, 7> kDegrees = {
    {{"I", 0}, {"II", 2}, {"III", 4}, {"IV", 5}, {"V", 7}, {"VI", 9}, {"VII", 11}}};

std::optional<ChordQuality> quality_of_suffix(std::string_view suffix, bool minor) {
  if (suffix.empty())
    return minor ? ChordQuality::minor : ChordQuality::major;
  if (suffix == "7")
    return minor ? ChordQuality::minor_seventh : ChordQuality::seventh;
  if (suffix == "6")
    return minor ? ChordQuality::minor_sixth : ChordQuality::sixth;
  if (suffix == "maj7")
    return ChordQuality::major_seventh;
  if (suffix == "h")
    return ChordQuality::half_diminished;
  if (suffix == "o")
    return ChordQuality::diminished;
  return std::nullopt;
}

RomanNumeral with_seventh(RomanNumeral numeral) {
  constexpr int kDominant = 7;
  if (numeral.quality == ChordQuality::minor)
    numeral.quality = ChordQuality::minor_seventh;
  else
    numeral.quality = numeral.degree == kDominant ? ChordQuality::seventh : ChordQuality::major_seventh;
  return numeral;
}

/// The numerals of "I V vi IV", plain ones with a seventh in the style's share, the same each time.
std::vector<RomanNumeral> parse_progression(std::string_view text, double sevenths, Random& random) {
  std::vector<RomanNumeral> numerals;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    RomanNumeral numeral = parse_roman(text.substr(0, end));
    if (numeral.plain && chance(random, sevenths))
      numeral = with_seventh(numeral);
    numerals.push_back(numeral);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return numerals;
}

/// How many bars a chord lasts.
double draw_bars_per_chord(const Setting& setting, Random& random) {
  const bool halves = setting.bar.metre == audio::Metre::four_four;
  if (setting.style == Style::classical)
    return halves ? choose(random, {1.0, 0.5, 0.5}) : 1;
  return choose(random, {1.0, 1.0, 1.0, 2.0, halves ? 0.5 : 1.0});
}

}  // namespace

RomanNumeral parse_roman(std::string_view text) {
  const auto fail = [&] {
    return InvalidArgument(fmt::format("\"{}\" is not a chord such as bVII, ii7, Imaj7, iih or V/3", text));
  };
  RomanNumeral numeral;
  std::string_view rest = text;
  int accidental = 0;
  if (rest.starts_with('b') || rest.starts_with('#')) {
    accidental = rest[0] == 'b' ? -1 : 1;
    rest.remove_prefix(1);
  }
  const std::size_t letters = std::min(rest.find_first_not_of("iIvV"), rest.size());
  std::string upper(rest.substr(0, letters));
  if (upper.empty())
    throw fail();
  const bool minor = std::islower(static_cast<unsigned char>(upper[0])) != 0;
  std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  const auto degree = std::ranges::find(kDegrees, std::string_view(upper), &NamedDegree::name);
  if (degree == kDegrees.end())
    throw fail();
  numeral.degree = modulo(degree->semitones + accidental, 12);
  rest.remove_prefix(letters);
  const bool third_in_bass = rest.ends_with("/3");
  if (third_in_bass)
    rest.remove_suffix(2);
  const std::optional<ChordQuality> quality = quality_of_suffix(rest, minor);
  if (!quality)
    throw fail();
  numeral.quality = *quality;
  numeral.bass = modulo(numeral.degree + (third_in_bass ? minor ? 3 : 4 : 0), 12);
  numeral.plain = rest.empty();
  return numeral;
}

std::vector<Chord> compose_chords(const Setting& setting, int mode, Random& random) {
  const bool blues = setting.style == Style::blues;
  const std::span<const std::string_view> choices = progressions(setting.style, mode);
  const double sevenths = traits_of(setting.style).sevenths;
  const std::vector<RomanNumeral> verse = parse_progression(choose(random, choices), sevenths, random);
  std::vector<RomanNumeral> chorus = verse;
  if (!blues && chance(random, 0.35))
    chorus = parse_progression(choose(random, choices), sevenths, random);
  const double length = setting.bar.beats * (blues ? 1 : draw_bars_per_chord(setting, random));
  const bool power_chords = setting.style == Style::metal;
  std::vector<Chord> chords;
  std::size_t step = blues ? choose(random, {0u, 0u, 4u}) : 0;  // some start on the subdominant
  for (double on = 0; on < setting.beats - kSameTime; on += length, ++step) {
    const bool in_chorus = step / (2 * verse.size()) % 2 == 1;
    const std::vector<RomanNumeral>& part = in_chorus ? chorus : verse;
    const RomanNumeral numeral = part[step % part.size()];
    const bool power = power_chords && chance(random, 0.8);
    chords.push_back({on, std::min(on + length, setting.beats), numeral.degree,
                      power ? ChordQuality::power : numeral.quality, numeral.bass});
  }
  return chords;
}

}  // namespace segue::music
