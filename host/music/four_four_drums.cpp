#include <span>
#include <string_view>

#include "host/music/draw.hpp"
#include "host/music/drums.hpp"

namespace segue::music {
namespace {

using namespace percussion;

/// Sixteenths of a bar; X stressed.
struct Sixteenths {
  std::string_view kick, snare, cymbal;
};

constexpr Sixteenths kRock[] = {
    {"x.......x.......", "....x.......x...", "x.x.x.x.x.x.x.x."},
    {"x.....x.x.......", "....x.......x...", "x.x.x.x.x.x.x.x."},
    {"x.......x.x.....", "....x.......x...", "x.x.x.x.x.x.x.x."},
    {"x..x..x...x.....", "....x.......x...", "x.x.x.x.x.x.x.x."},
    {"x.x.......x.....", "....x.......x...", "x...x...x...x..."},
    {"x.......x.....x.", "....x.......x...", "xxxxxxxxxxxxxxxx"},
    {"x.....x...x.....", "....x.......x..x", "x.x.x.x.x.x.x.x."},
};
constexpr Sixteenths kMetal[] = {
    {"x.x.x.x.x.x.x.x.", "....x.......x...", "x...x...x...x..."},
    {"xxxxxxxxxxxxxxxx", "....x.......x...", "x...x...x...x..."},
    {"x.xxx.xxx.xxx.xx", "....x.......x...", "x.x.x.x.x.x.x.x."},
    {"x.......x.......", "....x.......x...", "x.x.x.x.x.x.x.x."},
    {"x.x...x.x.x...x.", "....x.......x...", "x...x...x...x..."},
    {"x...x...x...x...", "..x...x...x...x.", "x.x.x.x.x.x.x.x."},
    {"x.xx..x.x.xx..x.", "........x.......", "x...x...x...x..."},
};
constexpr Sixteenths kDisco[] = {
    {"x...x...x...x...", "....x.......x...", "..x...x...x...x."},
    {"x...x...x...x...", "....x.......x...", "xxxxxxxxxxxxxxxx"},
    {"x...x...x...x...", "....x.......x...", "x.x.x.x.x.x.x.x."},
};
constexpr Sixteenths kHouse[] = {
    {"x...x...x...x...", "....x.......x...", "..x...x...x...x."},
    {"x...x...x...x...", "................", "..x...x...x...x."},
};
constexpr Sixteenths kHipHop[] = {
    {"x.........x.....", "....x.......x...", "x.x.x.x.x.x.x.x."},
    {"x..x......xx....", "....x.......x...", "x.x.x.x.x.x.x.x."},
    {"x.....x..x......", "....x.......x...", "x.x.x.x.x.x.x.x."},
    {"x..x...x..x.....", "....x.......x..x", "xxxxxxxxxxxxxxxx"},
    {"x......x.x......", "....x.......x...", "................"},
};
constexpr Sixteenths kReggae[] = {
    {"........x.......", "........x.......", "x.x.x.x.x.x.x.x."},
    {"x.......x.......", "........x.......", "x.x.x.x.x.x.x.x."},
    {"x...x...x...x...", "........x.......", "x.x.x.x.x.x.x.x."},
    {"....x.......x...", "....x.......x...", "x.x.x.x.x.x.x.x."},
    {"....x.......x...", "................", "x.x.x.x.x.x.x.x."},
};
constexpr Sixteenths kCountry[] = {
    {"x.......x.......", "....x.......x...", "x.x.x.x.x.x.x.x."},
    {"x...x...x...x...", "..x...x...x...x.", "................"},
    {"x.......x.......", "xxxxXxxxxxxxXxxx", "................"},
};
constexpr Sixteenths kFunk[] = {
    {"x..x......x..x..", "....x..x.x..x...", "xxxxxxxxxxxxxxxx"},
    {"x.x.......x..x..", "....x.......x..x", "x.x.x.x.x.x.x.x."},
    {"x.....x...x..x..", "....x..x....x...", "xxxxxxxxxxxxxxxx"},
};
constexpr Sixteenths kLatin[] = {
    {"x.....x.x.....x.", "...x..x...x..x..", "x.x.x.x.x.x.x.x."},
    {"x.....x.x.....x.", "x..x..x...x..x..", "xxxxxxxxxxxxxxxx"},
    {"x...x...x...x...", "..............x.", "x.xx.x.xx.x.xx.x"},
};
constexpr Sixteenths kJazz[] = {
    {"................", "................", "x...x.x.x...x.x."},
    {"x...x...x...x...", "................", "x...x.x.x...x.x."},
    {"................", "....x.......x...", "x...x.x.x...x.x."},
};
constexpr Sixteenths kBlues[] = {
    {"x.......x.......", "....x.......x...", "x.x.x.x.x.x.x.x."},
    {"x.....x.x.......", "....x.......x...", "x.x.x.x.x.x.x.x."},
    {"x...x...x...x...", "....x.......x...", "x.x.x.x.x.x.x.x."},
};
constexpr Sixteenths kBallad[] = {
    {"x.......x.......", "....x.......x...", "x.x.x.x.x.x.x.x."},
    {"x.........x.....", "....x.......x...", "x...x...x...x..."},
    {"x.......x.x.....", "....x.......x...", "xxxxxxxxxxxxxxxx"},
};

std::span<const Sixteenths> patterns(Style style, Random& random) {
  switch (style) {
    case Style::rock:
    case Style::classical:
      return kRock;
    case Style::metal:
      return kMetal;
    case Style::disco:
      return kDisco;
    case Style::house:
      return kHouse;
    case Style::hip_hop:
      return kHipHop;
    case Style::reggae:
      return kReggae;
    case Style::country:
      return kCountry;
    case Style::funk:
      return kFunk;
    case Style::latin:
      return kLatin;
    case Style::jazz:
      return kJazz;
    case Style::blues:
      return kBlues;
    case Style::ballad:
      return kBallad;
    case Style::pop:
      return choose(random, {std::span<const Sixteenths>(kRock), std::span<const Sixteenths>(kRock),
                             std::span<const Sixteenths>(kDisco), std::span<const Sixteenths>(kHipHop)});
  }
  return kRock;
}

DrumBar to_bar(const Sixteenths& pattern, Style style, const Kit& kit) {
  const bool opens = (style == Style::disco || style == Style::house) && pattern.cymbal.starts_with("..x");
  const bool train = pattern.snare.find('X') != std::string_view::npos;  // brushed sixteenths
  DrumBar bar;
  for (std::size_t i = 0; i < 16; ++i) {
    const double beat = static_cast<double>(i) / 4;
    if (pattern.kick[i] != '.')
      bar.push_back({beat, kit.kick, kit.kick_velocity - (i % 4 == 0 ? 0 : 8)});
    if (pattern.snare[i] != '.')
      bar.push_back({beat, kit.snare, kit.snare_velocity - (train && pattern.snare[i] == 'x' ? 40 : 0)});
    if (pattern.cymbal[i] != '.')
      bar.push_back(
          {beat, opens ? kOpenHat : kit.cymbal, kit.cymbal_velocity + (i % 4 == 0 ? 12 : 0) - (i % 2 == 1 ? 10 : 0)});
  }
  return bar;
}

/// Slow blues and soul in 12/8: triplets under 1 2 3 4.
DrumBar twelve_eight(const Kit& kit) {
  DrumBar bar;
  for (int i = 0; i < 12; ++i)
    bar.push_back({i / 3.0, kit.cymbal, kit.cymbal_velocity + (i % 3 == 0 ? 12 : 0)});
  bar.push_back({0, kit.kick, kit.kick_velocity});
  bar.push_back({2, kit.kick, kit.kick_velocity});
  bar.push_back({5 / 3.0, kit.kick, kit.kick_velocity - 10});
  bar.push_back({1, kit.snare, kit.snare_velocity});
  bar.push_back({3, kit.snare, kit.snare_velocity});
  return bar;
}

}  // namespace

DrumPattern draw_four_four(const Setting& setting, const Kit& kit, Random& random) {
  const Style style = setting.style;
  const bool slow = (style == Style::blues || style == Style::ballad) && setting.bpm < 85;
  if (slow && chance(random, 0.25)) {
    const DrumBar bar = twelve_eight(kit);
    return {bar, bar};
  }
  const std::span<const Sixteenths> choices = patterns(style, random);
  Sixteenths first = choose(random, choices);
  Sixteenths second = chance(random, 0.4) ? choose(random, choices) : first;
  second.cymbal = first.cymbal;
  DrumPattern pattern = {to_bar(first, style, kit), to_bar(second, style, kit)};
  if (style != Style::reggae && chance(random, 0.3))
    pattern[0].push_back({0, kit.kick, kit.kick_velocity});
  return pattern;
}

}  // namespace segue::music
