#pragma once

#include <span>

#include "host/music/bar.hpp"
#include "segue/music/arrangement.hpp"

namespace segue::music {

/// What distinguishes a style; shares are probabilities.
struct StyleTraits {
  std::string_view name;
  double weight;  ///< how often it is drawn in 4/4
  double minor;   ///< of composed tunes
  double swung;
  double drumless;
  double sung;      ///< lead by a voice
  double sevenths;  ///< plain chords get one
};

const StyleTraits& traits_of(Style style);

/// By weight in 4/4; among the styles that use the metre otherwise.
Style draw_style(audio::Metre metre, Random& random);

/// Three quarters from what is usual in the style and metre, else log-uniform from 50 to 210 BPM (150 in 6/8).
double draw_tempo(Style style, audio::Metre metre, Random& random);

/// 0 (straight), or where the off-beat eighth lies in the beat.
double draw_swing(Style style, audio::Metre metre, Random& random);

}  // namespace segue::music
