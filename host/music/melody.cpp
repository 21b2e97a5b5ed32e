#include "host/music/melody.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "host/music/draw.hpp"

namespace segue::music {
namespace {

/// A rhythm of one bar and the steps of the scale that lead to each of its notes.
struct Motif {
  std::vector<double> onsets;  // beats from the bar line
  std::vector<int> steps;
};

/// Accents are likeliest to have a note, then pulses, then what lies between.
Motif draw_motif(const Bar& bar, double grid, double density, Random& random) {
  Motif motif;
  const int places = static_cast<int>(std::lround(bar.beats / grid));
  for (int i = 0; i < places; ++i) {
    const double beat = i * grid;
    const double weight = i == 0 ? 1.25 : among(bar.accents, beat) ? 1 : among(bar.pulses, beat) ? 0.75 : 0.5;
    if (!chance(random, density * weight))
      continue;
    motif.onsets.push_back(beat);
    motif.steps.push_back(choose(random, {-3, -2, -1, -1, 0, 1, 1, 2, 3}));
  }
  return motif;
}

/// The nearest pitch, at most four semitones away, that belongs to the chord.
int nearest_chord_tone(int pitch, const Chord& chord) {
  const std::vector<int>& intervals = chord_intervals(chord.quality);
  const auto belongs = [&](int candidate) {
    return std::ranges::any_of(intervals,
                               [&](int interval) { return modulo(candidate - chord.root - interval, 12) == 0; });
  };
  for (int distance = 0; distance <= 4; ++distance) {
    if (belongs(pitch - distance))
      return pitch - distance;
    if (belongs(pitch + distance))
      return pitch + distance;
  }
  return pitch;
}

int nearest_tonic(int pitch) {
  const int above = modulo(pitch, 12);
  return above < 6 ? pitch - above : pitch + 12 - above;
}

/// Places a bar in which the tune is counted: sixteenths sometimes, eighths mostly.
double draw_grid(const Bar& bar, Random& random) {
  const bool divides_beats = bar.metre == audio::Metre::six_eight || bar.metre == audio::Metre::seven_eight;
  return divides_beats || chance(random, 0.75) ? bar.eighth : bar.eighth / 2;
}

}  // namespace

const Chord* chord_at(const std::vector<Chord>& chords, double beat) {
  const auto after = std::ranges::upper_bound(chords, beat + kSameTime, {}, &Chord::on);
  if (after == chords.begin() || std::prev(after)->off <= beat)
    return nullptr;
  return &*std::prev(after);
}

std::vector<Note> compose_melody(const Setting& setting, const std::vector<Chord>& chords, const Scale& scale,
                                 Random& random) {
  const Bar& bar = setting.bar;
  const double grid = draw_grid(bar, random);
  const double density = between(random, 0.25, 0.7);
  std::array<Motif, 2> motifs;
  for (Motif& motif : motifs)
    motif = draw_motif(bar, grid, density, random);
  const int degrees = static_cast<int>(scale.size());
  const int lowest = degrees, highest = 4 * degrees;  // three octaves
  int position = 2 * degrees;
  std::vector<Note> notes;
  const int bars = static_cast<int>(std::lround(setting.beats / bar.beats));
  for (int b = 0; b < bars; ++b) {
    const Motif& motif = motifs[b % 4 == 3 ? 1 : 0];
    if (chance(random, 0.15))
      continue;  // a breath
    if (b % 4 == 0)
      position = integer_between(random, 2 * degrees - 2, 3 * degrees - 1);
    for (std::size_t i = 0; i < motif.onsets.size(); ++i) {
      position = std::clamp(position + motif.steps[i], lowest, highest);
      const double on = b * bar.beats + motif.onsets[i];
      const double next = b * bar.beats + (i + 1 < motif.onsets.size() ? motif.onsets[i + 1] : bar.beats);
      int pitch = 36 + 12 * (position / degrees) + scale[static_cast<std::size_t>(position % degrees)];
      const Chord* chord = chord_at(chords, on);
      if (chord && among(bar.pulses, motif.onsets[i]) && chance(random, 0.6))
        pitch = nearest_chord_tone(pitch, *chord);
      const double held = choose(random, {0.5, 0.9, 0.95});
      const int stress = motif.onsets[i] < kSameTime ? 10 : 0;
      notes.push_back({on, on + (next - on) * held, pitch, integer_between(random, 75, 110) + stress});
    }
  }
  if (!notes.empty() && chance(random, 0.6))
    notes.back().pitch = nearest_tonic(notes.back().pitch);
  return notes;
}

}  // namespace segue::music
