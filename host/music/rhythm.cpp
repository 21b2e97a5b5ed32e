#include "host/music/rhythm.hpp"

#include <algorithm>

#include "host/music/draw.hpp"

namespace segue::music {
namespace {

std::vector<Stroke> at_each(const std::vector<double>& times, double delay, double length) {
  std::vector<Stroke> strokes;
  for (const double time : times)
    strokes.push_back({time + delay, time + delay + length});
  return strokes;
}

std::vector<double> every(double step, const Bar& bar) {
  std::vector<double> times;
  for (int i = 0; i * step < bar.beats - kSameTime; ++i)
    times.push_back(i * step);
  return times;
}

std::vector<Stroke> draw_cell(const Bar& bar, Random& random) {
  std::vector<Stroke> strokes;
  const double density = between(random, 0.35, 0.65);
  for (const double time : every(bar.eighth, bar))
    if (time == 0 || chance(random, density * (among(bar.accents, time) ? 1.4 : 0.9)))
      strokes.push_back({time, time + bar.eighth * choose(random, {0.6, 0.95})});
  return strokes;
}

/// 2 and 4, or 3, in simple metres; in 6/8 the last eighth of each group, as jigs are accompanied, or the last two.
std::vector<Stroke> draw_chick(const Bar& bar, Random& random) {
  std::vector<double> times;
  if (bar.metre == audio::Metre::four_four) {
    times = {1, 3};
  } else if (bar.metre == audio::Metre::three_four) {
    times = {1, 2};
  } else {
    const bool last_only = bar.metre == audio::Metre::six_eight && chance(random, 0.5);
    for (const double pulse : bar.pulses)
      if (!among(bar.accents, pulse) && !(last_only && among(bar.accents, pulse - bar.eighth)))
        times.push_back(pulse);
  }
  const double pulse_length = bar.pulses[1] - bar.pulses[0];
  return at_each(times, 0, pulse_length * between(random, 0.35, 0.65));
}

}  // namespace

std::vector<Stroke> draw_strokes(Comping comping, const Bar& bar, Random& random) {
  switch (comping) {
    case Comping::held:
      return {};
    case Comping::pulses: {
      const bool groups = bar.metre != audio::Metre::five_four || chance(random, 0.5);
      return at_each(groups ? bar.accents : bar.pulses, 0, 0.9);
    }
    case Comping::eighths:
    case Comping::broken:
      return at_each(every(bar.eighth, bar), 0, bar.eighth * 0.9);
    case Comping::off_beats:
      return at_each(bar.accents, bar.eighth, between(random, 0.1, 0.3));
    case Comping::chick:
      return draw_chick(bar, random);
    case Comping::cell:
      return draw_cell(bar, random);
    case Comping::charleston: {
      const double second = bar.pulses[1] + bar.eighth;
      return {{0, 0.4}, {second, second + choose(random, {0.3, 1.0})}};
    }
    case Comping::triplets:
      return at_each(every(1.0 / 3, bar), 0, 0.3);
  }
  return {};
}

std::vector<Stroke> strokes_within(const std::vector<Stroke>& strokes, const Bar& bar, double on, double off) {
  std::vector<Stroke> out;
  for (double line = bar_line_before(bar, on); line < off - kSameTime; line += bar.beats)
    for (const Stroke& stroke : strokes) {
      const double start = line + stroke.on;
      if (start > on - kSameTime && start < off - kSameTime)
        out.push_back({start, std::min(line + stroke.off, off)});
    }
  constexpr double kWorthPlaying = 0.5;
  if (out.empty() && off - on >= kWorthPlaying)
    out.push_back({on, off});
  return out;
}

}  // namespace segue::music
