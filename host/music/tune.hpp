#pragma once

#include <string>
#include <vector>

#include "host/music/bar.hpp"
#include "segue/music/arrangement.hpp"

namespace segue::music {

/// In which manner a tune is played.
struct Setting {
  Style style = Style::pop;
  Bar bar;
  double bpm = 120;
  double swing = 0;
  double beats = 0;  ///< to play: whole bars
};

/// A tune cut to the excerpt: what a band needs to know.
struct Tune {
  std::string id, source;
  int key = -1;   ///< pitch class
  int mode = -1;  ///< 1 major, 0 minor
  std::vector<Note> melody, accompaniment;
  std::vector<Chord> chords;
};

/// In all twelve keys alike.
Tune compose(const Setting& setting, Random& random);

/// From a random bar on, from the start again where the score ends; 40% of major ones in the parallel minor; in all
/// twelve keys alike.
Tune excerpt_of(const Score& score, const Setting& setting, Random& random);

/// Up or down by whole semitones, at most six.
void transpose(Tune& tune, int semitones);

/// The parallel minor: degrees 3 and 6 lowered, 7 too if `lowered_seventh` (natural, else harmonic minor).
void to_parallel_minor(Score& score, bool lowered_seventh);

}  // namespace segue::music
