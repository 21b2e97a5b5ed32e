#pragma once

#include <vector>

#include "host/music/bar.hpp"

namespace segue::music {

/// What a chord instrument does in a bar.
enum class Comping {
  held,    ///< as long as the chord
  pulses,  ///< each beat or group
  eighths,
  off_beats,   ///< after each accent
  chick,       ///< of boom-chick and oom-pah-pah: the pulses that the bass leaves
  cell,        ///< eighths of a random pattern
  charleston,  ///< 1 and the eighth after 2
  triplets,
  broken  ///< eighths, one note after another
};

/// A stroke within a bar.
struct Stroke {
  double on = 0, off = 0;
};

/// Strokes of a bar, in order; none for Comping::held.
std::vector<Stroke> draw_strokes(Comping comping, const Bar& bar, Random& random);

/// Those of a bar repeated as fall within [on, off); a stroke at `on` itself where there is none.
std::vector<Stroke> strokes_within(const std::vector<Stroke>& strokes, const Bar& bar, double on, double off);

}  // namespace segue::music
