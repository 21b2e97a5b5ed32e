#pragma once

#include <vector>

#include "host/music/rhythm.hpp"
#include "host/music/tune.hpp"

namespace segue::music {

/// Channels of an arrangement.
inline constexpr int kCompingChannel = 0, kLeadChannel = 1, kBassChannel = 2, kGuitarChannel = 3, kPadChannel = 4,
                     kScoreChannel = 5, kSecondCompingChannel = 6, kDrumChannel = 9;

struct ChordPart {
  int channel = kCompingChannel;
  Comping comping = Comping::held;
  int lowest = 48;  ///< chords are laid within the octave above
  int velocity = 80;
};
std::vector<StemNote> play_chords(const Tune& tune, const Setting& setting, const ChordPart& part, Random& random);

std::vector<StemNote> play_bass(const Tune& tune, const Setting& setting, Random& random);

/// Power chords of a distorted guitar: the chords' roots, or in composed tunes a riff on the tonic.
std::vector<StemNote> play_riff(const Tune& tune, const Setting& setting, Random& random);

/// Notes of a score on a channel, moved by octaves so that their median lies near `centre`.
std::vector<StemNote> play_notes(const std::vector<Note>& notes, int channel);
std::vector<Note> in_register(std::vector<Note> notes, int centre);

}  // namespace segue::music
