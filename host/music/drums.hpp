#pragma once

#include <array>
#include <optional>
#include <vector>

#include "host/music/tune.hpp"

namespace segue::music {

/// General MIDI percussion, as far as used here.
namespace percussion {
inline constexpr int kAcousticKick = 35, kKick = 36, kSideStick = 37, kSnare = 38, kClap = 39, kElectricSnare = 40,
                     kFloorTom = 41, kClosedHat = 42, kPedalHat = 44, kLowTom = 45, kOpenHat = 46, kMidTom = 47,
                     kHighMidTom = 48, kCrash = 49, kHighTom = 50, kRide = 51, kChina = 52, kRideBell = 53,
                     kTambourine = 54, kCrash2 = 57, kRide2 = 59, kMaracas = 70;
}

/// Which instruments a drummer uses, and how loudly.
struct Kit {
  int kick, snare, cymbal;
  int kick_velocity, snare_velocity, cymbal_velocity;
};
Kit draw_kit(Style style, Random& random);

/// Hits of a bar, in beats from the bar line.
using DrumBar = std::vector<DrumHit>;
/// Played in turn.
using DrumPattern = std::array<DrumBar, 2>;

DrumPattern draw_four_four(const Setting& setting, const Kit& kit, Random& random);
DrumPattern draw_three_four(const Setting& setting, const Kit& kit, Random& random);
DrumPattern draw_six_eight(const Setting& setting, const Kit& kit, Random& random);
/// 5/4 and 7/8.
DrumPattern draw_odd(const Setting& setting, const Kit& kit, Random& random);

/// Kick and snare where groups begin or in between, eighths of a cymbal that stresses the groups: in any metre.
DrumBar draw_grouped(const Bar& bar, const Kit& kit, Random& random);

/// The pattern over all bars, with fills, crashes and ghost notes, or a drummer's performance from the corpus.
std::vector<StemNote> play_drums(const Setting& setting, const std::vector<const Groove*>& grooves, Random& random);

/// Whole bars of a performance from a random one on, repeated. Nothing where it has fewer than two bars.
std::vector<DrumHit> excerpt_of(const Groove& groove, double beats, Random& random);

/// Those that a drummer of the style may play.
std::vector<const Groove*> grooves_for(Style style, const std::vector<const Groove*>& grooves);

}  // namespace segue::music
