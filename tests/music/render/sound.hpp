#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <span>
#include <vector>

#include "segue/music/renderer.hpp"

namespace segue::music {

/// Debian's timgm6mb-soundfont, on which the tests run; empty where it is not installed.
inline std::vector<SoundFont> test_font() {
  std::vector<SoundFont> found;
  for (const SoundFont& font : installed_soundfonts())
    if (font.name == "timgm")
      found.push_back(font);
  return found;
}

/// How much of the frequency there is: the amplitude of its Fourier component under a Hann window.
inline double amplitude_at(std::span<const float> samples, int sample_rate, double hz) {
  double real = 0, imaginary = 0, weight = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const double t = static_cast<double>(i);
    const double window = 0.5 - 0.5 * std::cos(2 * std::numbers::pi * t / static_cast<double>(samples.size()));
    const double angle = 2 * std::numbers::pi * hz * t / sample_rate;
    real += window * samples[i] * std::cos(angle);
    imaginary += window * samples[i] * std::sin(angle);
    weight += window;
  }
  return 2 * std::hypot(real, imaginary) / weight;
}

/// Of the frequencies within a semitone of `hz`, the strongest, in cents above it.
inline double cents_from(std::span<const float> samples, int sample_rate, double hz) {
  double best = 0, strongest = -1;
  for (double cents = -100; cents <= 100; ++cents)
    if (const double amplitude = amplitude_at(samples, sample_rate, hz * std::exp2(cents / 1200));
        amplitude > strongest) {
      strongest = amplitude;
      best = cents;
    }
  return best;
}

/// For tests that need a soundfont.
class SoundFontTest : public testing::Test {
 protected:
  void SetUp() override {
    if (test_font().empty())
      GTEST_SKIP() << "TimGM6mb.sf2 is not installed (Debian: timgm6mb-soundfont)";
  }
};

}  // namespace segue::music
