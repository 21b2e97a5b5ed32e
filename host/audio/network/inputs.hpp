#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "segue/audio/network.hpp"
#include "segue/core/matrix.hpp"

namespace segue::audio {

/// Fewer frames than these are padded with silence.
inline constexpr std::int64_t kLeastHarmonicFrames = 2;
inline constexpr std::int64_t kLeastRhythmFrames = 48;

/// Pairs of frames that harmonic_input() makes of `frames`.
std::int64_t harmonic_pairs(std::int64_t frames);

/// What the harmonic branch sees of a window: each bin divided by the window's mean spectrum, itself averaged over an
/// octave either way (which takes away equaliser and timbre), then log(1 + 20x)/3, pairs of frames averaged.
/// @param magnitudes  [frames × bands]
/// @param out         [bands × pairs]
void harmonic_input(MatrixView<const float> magnitudes, int bins_per_octave, std::span<float> out);

/// What the rhythm branch sees: log(1 + 10x/mean) and its difference to the frame before; the flux is the mean rise.
/// @param magnitudes  [frames × bands], of which frames may be fewer than `width`: silence follows
/// @param out         [2·bands × width]
/// @param flux        [width]
void rhythm_input(MatrixView<const float> magnitudes, std::int64_t width, std::span<float> out, std::span<float> flux);

}  // namespace segue::audio
