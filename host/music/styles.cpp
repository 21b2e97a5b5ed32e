#include "host/music/styles.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "host/music/draw.hpp"

namespace segue::music {
namespace {

using audio::Metre;

constexpr std::array<StyleTraits, kStyles> kTraits = {{
    // name, weight, minor, swung, drumless, sung, sevenths
    {"rock", 16, 0.5, 0.03, 0.08, 0.55, 0.12},
    {"metal", 10, 0.9, 0, 0.08, 0.3, 0},
    {"disco", 8, 0.6, 0, 0.08, 0.5, 0.5},
    {"hip-hop", 8, 0.75, 0.35, 0.02, 0.15, 0.6},
    {"reggae", 8, 0.55, 0.2, 0.08, 0.6, 0.12},
    {"blues", 8, 0.5, 0.8, 0.25, 0.45, 0.12},
    {"jazz", 8, 0.5, 0.8, 0.2, 0.15, 0.8},
    {"country", 8, 0.1, 0.15, 0.3, 0.6, 0.12},
    {"pop", 12, 0.4, 0.03, 0.08, 0.6, 0.12},
    {"ballad", 6, 0.4, 0.05, 0.45, 0.6, 0.12},
    {"classical", 6, 0.5, 0, 0.9, 0.1, 0},
    {"house", 5, 0.7, 0, 0.08, 0.3, 0.4},
    {"funk", 5, 0.6, 0.2, 0.08, 0.4, 0.8},
    {"latin", 4, 0.5, 0, 0.08, 0.3, 0.3},
}};

/// A hump of the tempo distribution, BPM.
struct Tempo {
  double mean, deviation;
};

std::vector<Tempo> usual_tempos_in_four(Style style) {
  switch (style) {
    case Style::rock:
      return {{120, 28}};
    case Style::metal:
      return {{125, 32}};
    case Style::disco:
      return {{118, 9}};
    case Style::hip_hop:
      return {{93, 10}};
    case Style::reggae:
      return {{78, 10}, {140, 18}};
    case Style::blues:
      return {{68, 8}, {125, 22}, {120, 25}};
    case Style::jazz:
      return {{140, 45}};
    case Style::country:
      return {{118, 32}};
    case Style::pop:
      return {{108, 25}};
    case Style::ballad:
      return {{72, 12}};
    case Style::classical:
      return {{110, 40}};
    case Style::house:
      return {{124, 7}};
    case Style::funk:
      return {{105, 12}};
    case Style::latin:
      return {{120, 30}};
  }
  return {};
}

std::vector<Tempo> usual_tempos(Style style, Metre metre) {
  switch (metre) {
    case Metre::four_four:
      return usual_tempos_in_four(style);
    case Metre::three_four:  // slow ballad, jazz waltz, Viennese waltz beside the usual one
      if (style == Style::ballad)
        return {{82, 14}};
      if (style == Style::jazz)
        return {{145, 30}};
      if (style == Style::classical)
        return {{95, 20}, {135, 20}, {178, 12}};
      return {{118, 28}};
    case Metre::six_eight:  // slow dance, march or rock, jig
      if (style == Style::ballad || style == Style::blues)
        return {{58, 8}};
      if (style == Style::country || style == Style::classical)
        return {{112, 16}, {75, 14}};
      return {{72, 14}, {105, 18}};
    case Metre::five_four:
    case Metre::seven_eight:
      if (style == Style::ballad)
        return {{92, 14}};
      if (style == Style::jazz)
        return {{165, 25}};
      return {{125, 28}, {165, 22}};
  }
  return {};
}

}  // namespace

std::string_view style_name(Style style) {
  return traits_of(style).name;
}

const StyleTraits& traits_of(Style style) {
  return kTraits[static_cast<std::size_t>(style)];
}

Style draw_style(Metre metre, Random& random) {
  if (metre == Metre::three_four)
    return choose(random,
                  {Style::rock, Style::pop, Style::ballad, Style::ballad, Style::jazz, Style::jazz, Style::classical,
                   Style::classical, Style::country, Style::country, Style::metal, Style::blues});
  if (metre == Metre::six_eight)
    return choose(random, {Style::rock, Style::rock, Style::pop, Style::pop, Style::ballad, Style::ballad,
                           Style::classical, Style::country, Style::country, Style::metal, Style::blues, Style::latin});
  if (metre != Metre::four_four)
    return choose(random,
                  {Style::rock, Style::rock, Style::pop, Style::ballad, Style::jazz, Style::jazz, Style::classical,
                   Style::metal, Style::metal, Style::blues, Style::funk, Style::country, Style::latin, Style::house});
  std::array<double, kStyles> weights;
  std::ranges::transform(kTraits, weights.begin(), &StyleTraits::weight);
  return static_cast<Style>(choose_weighted(random, weights));
}

double draw_tempo(Style style, Metre metre, Random& random) {
  const double lowest = metre == Metre::six_eight ? 40 : 50;
  const double highest = metre == Metre::six_eight ? 150 : 210;
  if (chance(random, 0.25))
    return log_uniform(random, lowest, highest);
  const Tempo tempo = choose(random, usual_tempos(style, metre));
  return std::clamp(tempo.mean + tempo.deviation * random.normal(), lowest, highest);
}

double draw_swing(Style style, Metre metre, Random& random) {
  const bool divides_beats = metre == Metre::six_eight || metre == Metre::seven_eight;
  if (divides_beats || !chance(random, traits_of(style).swung))
    return 0;
  return between(random, 0.55, 0.68);
}

}  // namespace segue::music
