#include <algorithm>
#include <cmath>

#include "host/music/band.hpp"
#include "host/music/draw.hpp"

namespace segue::music {
namespace {

/// A bar of a riff: where it is struck, and the semitones above the tonic there.
struct Riff {
  std::vector<Stroke> strokes;
  std::vector<int> degrees;
};

Riff draw_riff(const Tune& tune, const Setting& setting, Random& random) {
  const Bar& bar = setting.bar;
  std::vector<int> degrees = {0, 0, 0};
  const std::vector<int> scale = tune.mode == 0 ? std::vector<int>{0, 3, 5, 7, 10} : std::vector<int>{0, 4, 5, 7, 10};
  degrees.insert(degrees.end(), scale.begin(), scale.end());
  if (setting.style == Style::metal)
    degrees.push_back(1);
  const bool sixteenths = setting.bpm < 120 && bar.metre != audio::Metre::six_eight;
  const double step = sixteenths ? bar.eighth / 2 : bar.eighth;
  const double density = between(random, 0.35, 0.75);
  Riff riff;
  const int places = static_cast<int>(std::lround(bar.beats / step));
  for (int i = 0; i < places; ++i) {
    if (i > 0 && !chance(random, density))
      continue;
    if (!riff.strokes.empty())
      riff.strokes.back().off = std::min(i * step, riff.strokes.back().on + 8 * step);
    riff.strokes.push_back({i * step, bar.beats});
    riff.degrees.push_back(choose(random, degrees));
  }
  return riff;
}

/// The degree of the riff's stroke that falls on a time.
int degree_at(const Riff& riff, const Bar& bar, double beat) {
  const double place = std::max(0.0, beat - bar_line_before(bar, beat));
  const auto after = std::ranges::upper_bound(riff.strokes, place + kSameTime, {}, &Stroke::on);
  return riff.degrees[static_cast<std::size_t>(after - riff.strokes.begin() - 1)];
}

}  // namespace

std::vector<StemNote> play_riff(const Tune& tune, const Setting& setting, Random& random) {
  const Riff riff = draw_riff(tune, setting, random);
  const bool own_melody = tune.source == "procedural" && chance(random, 0.5);
  const int lowest = choose(random, {36, 38, 40, 40});
  const bool power = !own_melody || chance(random, 0.7);
  std::vector<StemNote> notes;
  for (const Chord& chord : tune.chords) {
    bool first = true;
    for (const Stroke& stroke : strokes_within(riff.strokes, setting.bar, chord.on, chord.off)) {
      const bool follows_chord = first || !own_melody;
      const int root = follows_chord ? chord.root : tune.key + degree_at(riff, setting.bar, stroke.on);
      const int pitch = lowest + modulo(root - lowest, 12);
      const double off = stroke.on + 0.95 * (stroke.off - stroke.on);
      const int velocity = integer_between(random, 90, 115);
      for (const int interval : {0, 7, 12})
        if (power || interval == 0)
          notes.push_back({stroke.on, off, kGuitarChannel, pitch + interval, velocity});
      first = false;
    }
  }
  return notes;
}

}  // namespace segue::music
