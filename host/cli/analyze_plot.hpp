#pragma once

#include <string>

#include "segue/audio/accuracy.hpp"
#include "segue/audio/profile.hpp"
#include "segue/report/drawing.hpp"

namespace segue::cli {

/// What was heard in one file, to be checked by eye: mel spectrogram with the beats found, beat and downbeat
/// activations, pitch classes and key over time, the distributions of tempo, key and metre.
/// @param analysis  with features
report::Drawing draw_analysis(const audio::Analysis& analysis, const audio::FrontEndOptions& front_end);

/// Frames of local maxima of an activation, at least 0.2 and none within `gap` frames of a higher one.
std::vector<std::int64_t> pick_peaks(std::span<const float> activation, std::int64_t gap);

struct NamedReliability {
  std::string name;
  audio::Reliability reliability;
};

/// Accuracy against confidence, with the diagonal on which honest confidences lie.
report::Drawing draw_reliability(std::span<const NamedReliability> heads);

}  // namespace segue::cli
