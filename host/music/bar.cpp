#include "host/music/bar.hpp"

#include <algorithm>
#include <cmath>

#include "host/music/draw.hpp"
#include "segue/music/score.hpp"

namespace segue::music {
namespace {

using Grouping = std::vector<int>;  // in eighths

Grouping draw_grouping(audio::Metre metre, Random& random) {
  switch (metre) {
    case audio::Metre::three_four:
      return {2, 2, 2};
    case audio::Metre::four_four:
      return {2, 2, 2, 2};
    case audio::Metre::six_eight:
      return {3, 3};
    case audio::Metre::five_four: {
      static const std::vector<Grouping> kGroupings = {{6, 4}, {6, 4}, {4, 6}, {6, 2, 2}, {3, 3, 2, 2}};
      return choose(random, kGroupings);
    }
    case audio::Metre::seven_eight: {
      static const std::vector<Grouping> kGroupings = {{2, 2, 3}, {2, 2, 3}, {3, 2, 2}, {2, 3, 2}, {4, 3}, {3, 4}};
      return choose(random, kGroupings);
    }
  }
  return {};
}

}  // namespace

Bar draw_bar(audio::Metre metre, Random& random) {
  const bool compound = metre == audio::Metre::six_eight;
  const bool counts_eighths = compound || metre == audio::Metre::seven_eight;
  Bar bar;
  bar.metre = metre;
  bar.beats = beats_per_bar(metre);
  bar.eighth = compound ? 1.0 / 3 : 0.5;
  for (int i = 0; i < eighths_of(bar); i += counts_eighths ? 1 : 2)
    bar.pulses.push_back(i * bar.eighth);
  int eighth = 0;
  for (const int group : draw_grouping(metre, random)) {
    bar.accents.push_back(eighth * bar.eighth);
    eighth += group;
  }
  return bar;
}

int eighths_of(const Bar& bar) {
  return static_cast<int>(std::lround(bar.beats / bar.eighth));
}

double bar_line_before(const Bar& bar, double beat) {
  return std::floor((beat + kSameTime) / bar.beats) * bar.beats;
}

bool among(const std::vector<double>& times, double beat) {
  return std::ranges::any_of(times, [&](double time) { return std::abs(time - beat) < kSameTime; });
}

}  // namespace segue::music
