#pragma once

#include "host/audio/network/tape.hpp"
#include "segue/audio/network.hpp"

namespace segue::audio {

/// Harmony: from a whitened logarithmic spectrum to the 24 keys, after Korzeniowski & Widmer (2018), with the octaves
/// folded into channels and circular convolutions over the 12 pitch classes, so that a transposed chord is the same
/// chord elsewhere.
struct HarmonicOutputs {
  Variable keys;      ///< logits [n, 1, 1, 24], major first
  Variable evidence;  ///< [n, channels, 12, frames]: what the keys are read from
};
/// @param x  [n, 1, bands, frames]; see harmonic_input()
HarmonicOutputs harmonic_branch(Tape& tape, const Variable& x, const LogFrequencyOptions& bands);

/// Its second half. A rotation of the pitch classes rotates the keys.
/// @param octaves  [n, channels of the octaves, 12, frames]
HarmonicOutputs keys_of_pitch_classes(Tape& tape, const Variable& octaves);

/// Rhythm: from a mel spectrogram and its differences to beats, tempo and metre. A temporal convolutional network
/// (Davies & Böck 2019) makes activations; their autocorrelation, sampled where a beat of each tempo would put its
/// multiples, is read by convolutions along the logarithmic tempo axis, on which half and double are a shift.
struct RhythmOutputs {
  Variable beats;       ///< logits [n, 2, 1, frames]: beat, downbeat
  Variable tempo;       ///< logits [n, 1, 1, kTempoClasses]
  Variable metre;       ///< logits [n, 1, 1, kMetres]
  Variable statistics;  ///< [n, 6·channels, 1, 1]: means, deviations, maxima of the activations
};
/// @param x     [n, 2·bands, 1, frames]; see rhythm_input()
/// @param flux  [n, 1, 1, frames]
RhythmOutputs rhythm_branch(Tape& tape, const Variable& x, const Variable& flux, double frames_per_second);

}  // namespace segue::audio
