#pragma once

#include <span>
#include <vector>

#include "host/music/render/synthesizer.hpp"
#include "segue/core/random.hpp"

namespace segue::music {

/// A singer of vowels: harmonics through three formants, with vibrato, glides into notes, and consonants of noise. One
/// note at a time: a later one ends the one before.
std::vector<float> sing(std::span<const TimedNote> notes, double detuning_cents, int sample_rate, std::int64_t frames,
                        Random& random);

/// A speaker of syllables in rhythm, without pitch that one could name.
std::vector<float> rap(std::span<const TimedNote> syllables, int sample_rate, std::int64_t frames, Random& random);

}  // namespace segue::music
