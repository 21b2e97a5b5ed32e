#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <span>
#include <vector>

#include "segue/audio/spectrogram.hpp"

namespace segue::audio_signal::reference {

/// Powers after the filters, and by how much single precision may miss them.
struct Frame {
  std::vector<double> power, bound;
};

inline double window(std::int64_t t, std::int64_t n) {
  return 0.5 - 0.5 * std::cos(2 * std::numbers::pi * static_cast<double>(t) / static_cast<double>(n));
}

/// |Σₜ w(t)·x(t)·exp(−2πi·kt/n)|² as it is written. A transform in steps misses X(k) by some ε·log₂n of the whole
/// spectrum's length √(n·Σ(wx)²) (Higham 2002, ch. 24).
inline Frame spectrum(std::span<const float> clip, std::int64_t begin, std::int64_t n) {
  const double epsilon = std::numeric_limits<float>::epsilon();
  std::vector<double> x(static_cast<std::size_t>(n), 0.0), cosine(x), sine(x);
  double energy = 0;
  for (std::int64_t t = 0; t < n; ++t) {
    const auto i = static_cast<std::size_t>(t);
    const std::int64_t at = begin + t;
    if (at >= 0 && at < static_cast<std::int64_t>(clip.size()))
      x[i] = window(t, n) * static_cast<double>(clip[static_cast<std::size_t>(at)]);
    cosine[i] = std::cos(2 * std::numbers::pi * static_cast<double>(t) / static_cast<double>(n));
    sine[i] = std::sin(2 * std::numbers::pi * static_cast<double>(t) / static_cast<double>(n));
    energy += static_cast<double>(n) * x[i] * x[i];
  }
  const double error = epsilon * (std::log2(static_cast<double>(n)) + 4) * std::sqrt(energy);
  Frame frame;
  for (std::int64_t k = 0; k <= n / 2; ++k) {
    double real = 0, imaginary = 0;
    for (std::int64_t t = 0; t < n; ++t) {
      const auto turn = static_cast<std::size_t>(k * t % n);
      real += x[static_cast<std::size_t>(t)] * cosine[turn];
      imaginary -= x[static_cast<std::size_t>(t)] * sine[turn];
    }
    const double power = real * real + imaginary * imaginary;
    frame.power.push_back(power);
    frame.bound.push_back(2 * std::sqrt(power) * error + error * error + 4 * epsilon * power);
  }
  return frame;
}

inline Frame filtered(const Frame& spectrum, const audio::Filterbank& bank) {
  if (bank.filters() == 0)
    return spectrum;
  Frame result;
  for (std::size_t i = 0; i < bank.first.size(); ++i) {
    const std::int64_t count = bank.offset[i + 1] - bank.offset[i];
    double power = 0, bound = 0;
    for (std::int64_t j = 0; j < count; ++j) {
      const auto bin = static_cast<std::size_t>(bank.first[i] + j);
      const double weight = static_cast<double>(bank.weights[static_cast<std::size_t>(bank.offset[i] + j)]);
      power += weight * spectrum.power[bin];
      bound += weight * spectrum.bound[bin];
    }
    result.power.push_back(power);
    result.bound.push_back(bound + static_cast<double>(count) * std::numeric_limits<float>::epsilon() * power);
  }
  return result;
}

/// The power that a value of the result stands for.
inline double power_of(float value, const audio::SpectrogramOptions& options) {
  if (options.decibels)
    return std::pow(10, static_cast<double>(value) / 10);
  const bool magnitude = options.output == audio::SpectrogramOptions::Output::magnitude;
  return magnitude ? static_cast<double>(value) * static_cast<double>(value) : static_cast<double>(value);
}

inline constexpr float kPoison = std::numeric_limits<float>::quiet_NaN();

/// Runs `tested` over all clips at once, into rows that are longer than they need to be, and compares each value.
inline void expect_reference(audio::Spectrogram& tested, const audio::Filterbank& bank,
                             const std::vector<std::vector<float>>& signals) {
  const audio::SpectrogramOptions& options = tested.options();
  constexpr std::int64_t kUnused = 3;
  std::vector<std::span<const float>> clips(signals.begin(), signals.end());
  std::vector<Matrix<float>> results;
  for (const auto& clip : clips)
    results.emplace_back(tested.frames(static_cast<std::int64_t>(clip.size())), tested.filters() + kUnused, kPoison);
  std::vector<MatrixView<float>> views;
  for (Matrix<float>& result : results)
    views.emplace_back(result.data(), result.rows(), tested.filters(), tested.filters() + kUnused);
  tested.compute(clips, views);
  for (std::size_t c = 0; c < clips.size(); ++c)
    for (std::int64_t t = 0; t < results[c].rows(); ++t) {
      const Frame want = filtered(spectrum(clips[c], frame_begin(options, t), options.n_fft), bank);
      ASSERT_EQ(static_cast<std::int64_t>(want.power.size()), tested.filters());
      for (std::int64_t i = 0; i < tested.filters(); ++i) {
        const double got = power_of(results[c](t, i), options);
        const double floor = options.decibels ? 1e-10 : 0;
        const double power = std::max(floor, want.power[static_cast<std::size_t>(i)]);
        // A value of 100 dB is itself off by up to 4e-6 dB, a power by 1e-6 of itself.
        const double bound = want.bound[static_cast<std::size_t>(i)] + (options.decibels ? 1e-5 : 1e-6) * power;
        ASSERT_LE(std::abs(got - power), bound) << "clip " << c << ", frame " << t << ", filter " << i;
      }
      for (std::int64_t i = tested.filters(); i < results[c].columns(); ++i)
        ASSERT_TRUE(std::isnan(results[c](t, i))) << "written beyond the row";
    }
}

}  // namespace segue::audio_signal::reference
