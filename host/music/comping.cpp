#include <algorithm>
#include <cmath>

#include "host/music/band.hpp"
#include "host/music/draw.hpp"

namespace segue::music {
namespace {

std::vector<int> voicing(const Chord& chord, int lowest) {
  std::vector<int> pitches;
  for (const int interval : chord_intervals(chord.quality))
    pitches.push_back(lowest + modulo(chord.root + interval - lowest, 12));
  return pitches;
}

bool on_bar_line(const Bar& bar, double beat) {
  return beat - bar_line_before(bar, beat) < kSameTime;
}

}  // namespace

std::vector<StemNote> play_chords(const Tune& tune, const Setting& setting, const ChordPart& part, Random& random) {
  const std::vector<Stroke> rhythm = draw_strokes(part.comping, setting.bar, random);
  std::vector<StemNote> notes;
  for (const Chord& chord : tune.chords) {
    std::vector<int> pitches = voicing(chord, part.lowest);
    std::vector<Stroke> strokes = {{chord.on, chord.off}};
    if (part.comping != Comping::held)
      strokes = strokes_within(rhythm, setting.bar, chord.on, chord.off);
    if (part.comping == Comping::broken)
      pitches.push_back(pitches.front() + 12);
    std::size_t next = 0;
    for (const Stroke& stroke : strokes) {
      const int stress = on_bar_line(setting.bar, stroke.on) ? 8 : 0;
      const auto strike = [&](int pitch, double off) {
        const int velocity = part.velocity + stress + integer_between(random, -10, 10);
        notes.push_back({stroke.on, off, part.channel, pitch, velocity});
      };
      if (part.comping == Comping::broken) {
        const double ringing = std::min(stroke.on + 2 * setting.bar.eighth, chord.off);
        strike(pitches[next++ % pitches.size()], ringing);
        continue;
      }
      for (const int pitch : pitches)
        strike(pitch, stroke.off);
    }
  }
  return notes;
}

std::vector<StemNote> play_notes(const std::vector<Note>& notes, int channel) {
  std::vector<StemNote> out;
  for (const Note& note : notes)
    out.push_back({note.on, note.off, channel, note.pitch, note.velocity});
  return out;
}

std::vector<Note> in_register(std::vector<Note> notes, int centre) {
  if (notes.empty())
    return notes;
  std::vector<int> pitches;
  for (const Note& note : notes)
    pitches.push_back(note.pitch);
  const auto middle = pitches.begin() + static_cast<std::ptrdiff_t>(pitches.size() / 2);
  std::ranges::nth_element(pitches, middle);
  const int shift = 12 * static_cast<int>(std::lround((centre - *middle) / 12.0));
  for (Note& note : notes)
    note.pitch += shift;
  return notes;
}

}  // namespace segue::music
