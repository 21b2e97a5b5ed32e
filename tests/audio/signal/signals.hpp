#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

#include "segue/audio/spectrogram.hpp"
#include "segue/core/matrix.hpp"
#include "segue/core/random.hpp"

namespace segue::audio_signal {

/// As in make_golden.py: 200 Hz rising by 8 kHz a second, and noise by a congruential generator; 22,050 Hz.
inline std::vector<float> chirp_and_noise(std::int64_t samples) {
  std::vector<float> signal;
  std::uint32_t state = 1;
  for (std::int64_t i = 0; i < samples; ++i) {
    const double t = static_cast<double>(i) / 22050;
    state = 1664525u * state + 1013904223u;
    const double noise = static_cast<double>(state) / 4294967296.0 - 0.5;
    signal.push_back(static_cast<float>(0.5 * std::sin(2 * std::numbers::pi * (200 * t + 4000 * t * t)) + 0.1 * noise));
  }
  return signal;
}

inline std::vector<float> noise(std::int64_t samples, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> signal(static_cast<std::size_t>(samples));
  for (float& sample : signal)
    sample = static_cast<float>(random.uniform() - 0.5);
  return signal;
}

}  // namespace segue::audio_signal
