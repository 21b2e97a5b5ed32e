#include "host/music/band.hpp"
#include "host/music/draw.hpp"

namespace segue::music {
namespace {

enum class Line { walking, octaves, eighths, root_and_fifth, cell, accents, downbeats };

Line draw_line(const Setting& setting, Random& random) {
  const audio::Metre metre = setting.bar.metre;
  const bool four = metre == audio::Metre::four_four;
  const bool walks = (setting.style == Style::jazz || setting.style == Style::blues) &&
                     metre != audio::Metre::six_eight && metre != audio::Metre::seven_eight;
  if (walks && chance(random, 0.7))
    return Line::walking;
  if (setting.style == Style::disco && four)
    return Line::octaves;
  if (setting.style == Style::country)
    return Line::root_and_fifth;
  const bool drives = setting.style == Style::rock || setting.style == Style::metal || setting.style == Style::pop;
  if (drives && chance(random, 0.4))
    return Line::eighths;
  return choose(random, {Line::accents, Line::accents, Line::cell, Line::cell, Line::downbeats, Line::root_and_fifth});
}

std::vector<Stroke> draw_rhythm(Line line, const Bar& bar, Random& random) {
  switch (line) {
    case Line::walking: {
      std::vector<Stroke> strokes;
      for (const double pulse : bar.pulses)
        strokes.push_back({pulse, pulse + 1});
      return strokes;
    }
    case Line::octaves:
    case Line::eighths:
      return draw_strokes(Comping::eighths, bar, random);
    case Line::cell:
      return draw_strokes(Comping::cell, bar, random);
    case Line::root_and_fifth:  // 1 and 3, each group of an odd metre, the downbeat of a waltz
      if (bar.metre == audio::Metre::four_four)
        return {{0, 1.5}, {2, 3.5}};
      [[fallthrough]];
    case Line::accents:
      if (bar.metre != audio::Metre::three_four)
        return draw_strokes(Comping::pulses, bar, random);
      [[fallthrough]];
    case Line::downbeats:
      return {{0, bar.beats * choose(random, {0.3, 0.9})}};
  }
  return {};
}

/// Semitones above the bass note; `count` is how many notes of the chord came before.
int interval(Line line, const Chord& chord, std::size_t count, Random& random) {
  if (count == 0)
    return 0;
  const std::vector<int>& tones = chord_intervals(chord.quality);
  switch (line) {
    case Line::walking:
      return chance(random, 0.2) ? 2 : modulo(choose(random, tones), 12);
    case Line::octaves:
      return count % 2 == 1 ? 12 : 0;
    case Line::root_and_fifth:
      return count % 2 == 1 ? -5 : 0;
    case Line::cell:
      return choose(random, {0, 0, 0, 7, 12, tones[1]});
    case Line::accents:
      return chance(random, 0.2) ? 7 : 0;
    case Line::eighths:
    case Line::downbeats:
      return 0;
  }
  return 0;
}

}  // namespace

std::vector<StemNote> play_bass(const Tune& tune, const Setting& setting, Random& random) {
  const Line line = draw_line(setting, random);
  const std::vector<Stroke> rhythm = draw_rhythm(line, setting.bar, random);
  const int lowest = choose(random, {28, 28, 30, 33, 36});
  std::vector<StemNote> notes;
  for (const Chord& chord : tune.chords) {
    const int root = lowest + modulo(chord.bass - lowest, 12);
    std::size_t count = 0;
    for (const Stroke& stroke : strokes_within(rhythm, setting.bar, chord.on, chord.off)) {
      const int pitch = root + interval(line, chord, count++, random);
      notes.push_back({stroke.on, stroke.on + 0.95 * (stroke.off - stroke.on), kBassChannel, pitch,
                       integer_between(random, 80, 112)});
    }
  }
  return notes;
}

}  // namespace segue::music
