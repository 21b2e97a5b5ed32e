#pragma once

#include <cstdint>

#include "segue/core/matrix.hpp"
#include "segue/core/random.hpp"

/// What happens to a recording on its way to a listener, done to its spectrogram. Everything is drawn from `random`.
namespace segue::audio {

/// A crop of out.rows() frames, moved by −4 … +4 semitones and up to 25 cents, equalised, band-limited, compressed or
/// expanded, and with noise.
/// @param out  [frames × bands]; frames ≤ clip.rows()
/// @returns by how many semitones it was moved
int augment_harmonic(MatrixView<const std::uint16_t> clip, int bins_per_octave, Random& random, MatrixView<float> out);

/// Which part of a clip was taken and how much faster it plays: frame t of the crop was frame begin + t·ratio.
struct TimeCrop {
  double begin = 0;
  double ratio = 1;
};

/// A crop of out.rows() frames, stretched by 0.8 to 1.25 where its tempo stays within 40–230 BPM (0: not known),
/// equalised, band-limited, compressed or expanded, with reverberation, noise and a drifting gain. Silence follows a
/// clip that is too short.
TimeCrop augment_rhythm(MatrixView<const std::uint16_t> clip, double tempo, Random& random, MatrixView<float> out);

}  // namespace segue::audio
