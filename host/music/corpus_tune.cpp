#include <algorithm>
#include <array>
#include <cmath>

#include "host/music/draw.hpp"
#include "host/music/tune.hpp"

namespace segue::music {
namespace {

/// What sounds from `start` on for `length` beats, the score repeated as often as needed, times from `start`.
template <class Event>
std::vector<Event> cut(const std::vector<Event>& events, double period, double start, double length) {
  std::vector<Event> out;
  for (double shift = -start; shift < length; shift += period)
    for (Event event : events) {
      if (event.on < 0 || event.on >= period)
        continue;  // upbeats and codas do not repeat
      event.off = std::min(event.off, period) + shift;
      event.on += shift;
      if (event.on > -kSameTime && event.on < length && event.off > event.on)
        out.push_back(event);
    }
  return out;
}

int lowered(int pitch, int key, bool lowered_seventh) {
  const int degree = modulo(pitch - key, 12);
  const bool major_third = degree == 4, major_sixth = degree == 9, major_seventh = degree == 11;
  return major_third || major_sixth || (major_seventh && lowered_seventh) ? pitch - 1 : pitch;
}

ChordQuality quality_of(const std::array<bool, 12>& above_root) {
  if (above_root[3] && above_root[7])
    return ChordQuality::minor;
  if (above_root[4] && above_root[7])
    return ChordQuality::major;
  if (above_root[3])
    return ChordQuality::diminished;
  return above_root[5] ? ChordQuality::suspended_fourth : ChordQuality::power;
}

Chord lowered(const Chord& chord, int key, bool lowered_seventh) {
  Chord out = chord;
  out.root = modulo(lowered(chord.root, key, lowered_seventh), 12);
  out.bass = modulo(lowered(chord.bass, key, lowered_seventh), 12);
  std::array<bool, 12> above_root{};
  for (const int interval : chord_intervals(chord.quality)) {
    const int pitch = lowered(chord.root + interval, key, lowered_seventh);
    above_root[static_cast<std::size_t>(modulo(pitch - out.root, 12))] = true;
  }
  out.quality = quality_of(above_root);
  return out;
}

}  // namespace

void transpose(Tune& tune, int semitones) {
  if (tune.key >= 0)
    tune.key = modulo(tune.key + semitones, 12);
  for (std::vector<Note>* notes : {&tune.melody, &tune.accompaniment})
    for (Note& note : *notes)
      note.pitch += semitones;
  for (Chord& chord : tune.chords) {
    chord.root = modulo(chord.root + semitones, 12);
    chord.bass = modulo(chord.bass + semitones, 12);
  }
}

void to_parallel_minor(Score& score, bool lowered_seventh) {
  for (std::vector<Note>* notes : {&score.melody, &score.accompaniment})
    for (Note& note : *notes)
      note.pitch = lowered(note.pitch, score.key, lowered_seventh);
  for (Chord& chord : score.chords)
    chord = lowered(chord, score.key, lowered_seventh);
  score.mode = 0;
}

Tune excerpt_of(const Score& score, const Setting& setting, Random& random) {
  constexpr double kParallelMinor = 0.4, kNaturalMinor = 0.6;
  Score played = score;
  const bool known_major = score.key >= 0 && score.mode == 1;
  if (known_major && chance(random, kParallelMinor))
    to_parallel_minor(played, chance(random, kNaturalMinor));
  const double bar = setting.bar.beats;
  const double period = std::max(1.0, std::floor(score.beats / bar + kSameTime)) * bar;
  const int spare_bars = static_cast<int>((period - setting.beats) / bar);
  const double start = spare_bars > 0 ? integer_between(random, 0, spare_bars) * bar : 0;
  Tune tune;
  tune.id = score.id;
  tune.source = score.corpus;
  tune.key = played.key;
  tune.mode = played.mode;
  tune.melody = cut(played.melody, period, start, setting.beats);
  tune.accompaniment = cut(played.accompaniment, period, start, setting.beats);
  tune.chords = cut(played.chords, period, start, setting.beats);
  transpose(tune, integer_between(random, -6, 5));
  return tune;
}

}  // namespace segue::music
