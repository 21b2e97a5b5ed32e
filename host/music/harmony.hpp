#pragma once

#include <string_view>
#include <vector>

#include "host/music/tune.hpp"

namespace segue::music {

/// A chord relative to the tonic: "I", "iv", "bVII", "V7", "iih" (half diminished), "iio", "Imaj7", "vi7", "I6", "V/3".
struct RomanNumeral {
  int degree = 0;  ///< semitones above the tonic
  ChordQuality quality = ChordQuality::major;
  int bass = 0;        ///< semitones above the tonic
  bool plain = false;  ///< a triad that may be given a seventh
};

/// @throws InvalidArgument
RomanNumeral parse_roman(std::string_view text);

/// Chords of the style in the mode over all of the excerpt, on the tonic C.
std::vector<Chord> compose_chords(const Setting& setting, int mode, Random& random);

/// Semitones above the tonic, ascending, within an octave.
using Scale = std::vector<int>;
const Scale& draw_scale(Style style, int mode, Random& random);

}  // namespace segue::music
