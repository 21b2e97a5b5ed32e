#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <vector>

#include "segue/audio/baselines.hpp"
#include "segue/core/error.hpp"

namespace segue::audio {
namespace {

constexpr int kPitchClasses = 12;
using PitchClasses = std::array<double, kPitchClasses>;

struct Profiles {
  PitchClasses major, minor;
};

const Profiles& profiles_of(KeyProfile profile) {
  static constexpr Profiles kKrumhanslKessler = {
      {6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88},
      {6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17}};
  static constexpr Profiles kTemperley1999 = {{5, 2, 3.5, 2, 4.5, 4, 2, 4.5, 2, 3.5, 1.5, 4},
                                              {5, 2, 3.5, 4.5, 2, 4, 2, 4.5, 3.5, 2, 1.5, 4}};
  static constexpr Profiles kTemperley2005 = {
      {0.748, 0.060, 0.488, 0.082, 0.670, 0.460, 0.096, 0.715, 0.104, 0.366, 0.057, 0.400},
      {0.712, 0.084, 0.474, 0.618, 0.049, 0.460, 0.105, 0.747, 0.404, 0.067, 0.133, 0.330}};
  switch (profile) {
    case KeyProfile::krumhansl_kessler:
      return kKrumhanslKessler;
    case KeyProfile::temperley_1999:
      return kTemperley1999;
    default:
      return kTemperley2005;
  }
}

/// C2 to B6 folded into one octave, of which each pitch class takes what is less than a semitone away, by a triangle.
PitchClasses chroma(MatrixView<const float> harmonic, int bins_per_octave) {
  constexpr int kFirstOctave = 1, kOctaves = 5;
  std::vector<double> octave(static_cast<std::size_t>(bins_per_octave), 0.0);
  for (std::int64_t t = 0; t < harmonic.rows(); ++t)
    for (int bin = 0; bin < kOctaves * bins_per_octave; ++bin)
      octave[static_cast<std::size_t>(bin % bins_per_octave)] +=
          static_cast<double>(harmonic(t, kFirstOctave * bins_per_octave + bin));
  const int per_semitone = bins_per_octave / kPitchClasses;
  PitchClasses result{};
  for (int pitch = 0; pitch < kPitchClasses; ++pitch)
    for (int offset = 1 - per_semitone; offset < per_semitone; ++offset) {
      const double weight = 1 - static_cast<double>(std::abs(offset)) / per_semitone;
      const int bin = (pitch * per_semitone + offset + bins_per_octave) % bins_per_octave;
      result[static_cast<std::size_t>(pitch)] += weight * octave[static_cast<std::size_t>(bin)];
    }
  return result;
}

/// Pearson's, of the chroma and the profile with its tonic at `tonic`; 0 for a flat chroma.
double correlation(const PitchClasses& chroma, const PitchClasses& profile, int tonic) {
  double mean_x = 0, mean_y = 0;
  for (std::size_t i = 0; i < kPitchClasses; ++i) {
    mean_x += chroma[i] / kPitchClasses;
    mean_y += profile[i] / kPitchClasses;
  }
  double xx = 0, yy = 0, xy = 0;
  for (std::size_t i = 0; i < kPitchClasses; ++i) {
    const double x = chroma[(i + static_cast<std::size_t>(tonic)) % kPitchClasses] - mean_x, y = profile[i] - mean_y;
    xx += x * x;
    yy += y * y;
    xy += x * y;
  }
  return xx > 0 ? xy / std::sqrt(xx * yy) : 0;
}

}  // namespace

TemplateKey template_key(MatrixView<const float> harmonic, int bins_per_octave, KeyProfile profile) {
  constexpr int kOctavesNeeded = 6;
  if (bins_per_octave < kPitchClasses || bins_per_octave % kPitchClasses != 0)
    throw InvalidArgument(
        fmt::format("template key: {} bins per octave, expected a multiple of {}", bins_per_octave, kPitchClasses));
  if (harmonic.columns() < kOctavesNeeded * bins_per_octave)
    throw InvalidArgument(fmt::format("template key: {} bands, expected at least {} ({} octaves from C1)",
                                      harmonic.columns(), kOctavesNeeded * bins_per_octave, kOctavesNeeded));
  const PitchClasses heard = chroma(harmonic, bins_per_octave);
  TemplateKey best;
  double best_correlation = 0;
  for (const int mode : {1, 0})
    for (int tonic = 0; tonic < kPitchClasses; ++tonic) {
      const Profiles& profiles = profiles_of(profile);
      const double r = correlation(heard, mode == 1 ? profiles.major : profiles.minor, tonic);
      if (r > best_correlation) {
        best_correlation = r;
        best.key = tonic;
        best.mode = mode;
      }
    }
  return best;
}

}  // namespace segue::audio
