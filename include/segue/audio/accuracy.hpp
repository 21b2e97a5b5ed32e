#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "segue/audio/labels.hpp"
#include "segue/audio/profile.hpp"

/// How right profiles are, by the measures of MIREX.
namespace segue::audio {

/// Within 4% of the tempo (Gouyon et al. 2006), or, for Accuracy2, of 2, 3, 1/2 or 1/3 of it.
bool tempo_accuracy1(double estimated, double tempo);
bool tempo_accuracy2(double estimated, double tempo);

/// MIREX audio key detection: 1 same; 0.5 a fifth apart, same mode; 0.3 relative; 0.2 parallel; else 0.
double weighted_key_score(int key, int mode, int true_key, int true_mode);

/// A share with its 95% interval (Wilson 1927).
struct Share {
  std::int64_t right = 0, of = 0;
  double value() const;
  double low() const;
  double high() const;
};

struct AccuracyReport {
  Share tempo1, tempo2;
  Share key_exact, mode;
  double key_weighted = 0;
  std::int64_t keys = 0;
  std::array<Share, kMetres> metre;  ///< recall by class
  double metre_macro = 0;            ///< mean recall over the classes that occur
  std::array<std::array<std::int64_t, kMetres>, kMetres> metre_confusion{};  ///< [true][estimated]
};

/// Labels that do not know a thing are left out of its measure; tempo leaves 7/8 out, whose tactus is not one.
AccuracyReport measure_accuracy(std::span<const Labels> labels, std::span<const SongProfile> profiles);

/// Confidence against accuracy in ten bins of equal count, and the expected calibration error.
struct Reliability {
  std::vector<double> confidence, accuracy;
  std::vector<std::int64_t> count;
  double expected_calibration_error = 0;
};
Reliability measure_reliability(std::span<const double> confidence, const std::vector<bool>& right);

}  // namespace segue::audio
