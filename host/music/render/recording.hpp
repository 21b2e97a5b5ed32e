#pragma once

#include <vector>

#include "segue/core/random.hpp"

namespace segue::music {

/// What recordings have and synthesizers lack, each with some probability: a room, an equaliser, noise or a record
/// player, compression and limiting, and a lossy codec. The peak is 0.9 afterwards.
void add_recording(std::vector<float>& samples, int sample_rate, Random& random);

}  // namespace segue::music
