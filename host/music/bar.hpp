#pragma once

#include <vector>

#include "segue/audio/labels.hpp"
#include "segue/core/random.hpp"

namespace segue::music {

/// How a bar is counted; everything in beats of the tactus from the bar line.
struct Bar {
  audio::Metre metre = audio::Metre::four_four;
  double beats = 4;
  double eighth = 0.5;          ///< 1/3 in 6/8, whose tactus is the dotted quarter
  std::vector<double> pulses;   ///< what is counted aloud: quarters, in 6/8 and 7/8 eighths
  std::vector<double> accents;  ///< where groups of pulses begin: 3+2, 2+2+3, …; the first is 0
};

/// Draws the grouping of an odd metre; the others have one.
Bar draw_bar(audio::Metre metre, Random& random);

/// How many eighths a bar has.
int eighths_of(const Bar& bar);

/// The bar line at or before a time.
double bar_line_before(const Bar& bar, double beat);

/// Times within this of each other are the same.
inline constexpr double kSameTime = 0.01;
bool among(const std::vector<double>& times, double beat);

}  // namespace segue::music
