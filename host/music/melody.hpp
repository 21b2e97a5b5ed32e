#pragma once

#include <vector>

#include "host/music/harmony.hpp"

namespace segue::music {

/// Phrases from two motifs over the chords, in a scale on the tonic C.
std::vector<Note> compose_melody(const Setting& setting, const std::vector<Chord>& chords, const Scale& scale,
                                 Random& random);

/// The chord that sounds at a time; nullptr: none. Chords are in order.
const Chord* chord_at(const std::vector<Chord>& chords, double beat);

}  // namespace segue::music
