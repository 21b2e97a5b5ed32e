#pragma once

#include <span>

#include "segue/music/arrangement.hpp"

namespace segue::music {

/// General MIDI programs, from 0, by the part they can play.
enum class Part { guitar, keys, orchestra, distorted, pad, lead, bass, synth_bass };
std::span<const int> programs_for(Part part);

/// Channel 9's kits that suit the style.
std::span<const int> kits_for(Style style);

}  // namespace segue::music
