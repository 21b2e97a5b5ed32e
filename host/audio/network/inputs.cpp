#include "host/audio/network/inputs.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace segue::audio {
namespace {

constexpr float kTiny = 1e-9f;  // silence stays silence

float mean_of(MatrixView<const float> x) {
  double sum = 0;
  for (std::int64_t t = 0; t < x.rows(); ++t)
    sum = std::accumulate(x.row(t).begin(), x.row(t).end(), sum);
  return static_cast<float>(sum / static_cast<double>(std::max<std::int64_t>(1, x.rows() * x.columns())));
}

std::vector<double> mean_spectrum(MatrixView<const float> x) {
  std::vector<double> mean(static_cast<std::size_t>(x.columns()));
  for (std::int64_t t = 0; t < x.rows(); ++t)
    std::transform(mean.begin(), mean.end(), x.row(t).begin(), mean.begin(), std::plus<>());
  for (double& value : mean)
    value /= static_cast<double>(std::max<std::int64_t>(1, x.rows()));
  return mean;
}

// Over `reach` bins either way, mirrored at the ends.
std::vector<double> moving_average(const std::vector<double>& x, std::int64_t reach) {
  const auto size = static_cast<std::int64_t>(x.size());
  const auto mirrored = [&](std::int64_t i) {
    i = std::abs(i);
    return x[static_cast<std::size_t>(std::clamp<std::int64_t>(i < size ? i : 2 * size - 2 - i, 0, size - 1))];
  };
  std::vector<double> average(x.size());
  for (std::int64_t i = 0; i < size; ++i) {
    double sum = 0;
    for (std::int64_t j = i - reach; j <= i + reach; ++j)
      sum += mirrored(j);
    average[static_cast<std::size_t>(i)] = sum / static_cast<double>(2 * reach + 1);
  }
  return average;
}

}  // namespace

std::int64_t harmonic_pairs(std::int64_t frames) {
  return std::max(frames, kLeastHarmonicFrames) / 2;
}

void harmonic_input(MatrixView<const float> magnitudes, int bins_per_octave, std::span<float> out) {
  const std::int64_t bands = magnitudes.columns();
  const std::int64_t pairs = harmonic_pairs(magnitudes.rows());
  const float floor = 0.1f * mean_of(magnitudes) + kTiny;
  std::vector<float> factor;
  for (const double average : moving_average(mean_spectrum(magnitudes), bins_per_octave))
    factor.push_back(20 / (0.7f * static_cast<float>(average) + floor));

  std::fill(out.begin(), out.end(), 0.0f);
  for (std::int64_t t = 0; t < std::min(magnitudes.rows(), 2 * pairs); ++t)
    for (std::int64_t f = 0; f < bands; ++f)
      out[static_cast<std::size_t>(f * pairs + t / 2)] +=
          std::log1p(magnitudes(t, f) * factor[static_cast<std::size_t>(f)]) / 6;
}

void rhythm_input(MatrixView<const float> magnitudes, std::int64_t width, std::span<float> out, std::span<float> flux) {
  const std::int64_t bands = magnitudes.columns();
  const float factor = 10 / (mean_of(magnitudes) + kTiny);
  std::fill(out.begin(), out.end(), 0.0f);
  std::fill(flux.begin(), flux.end(), 0.0f);
  const std::int64_t frames = std::min(magnitudes.rows(), width);
  for (std::int64_t f = 0; f < bands; ++f) {
    const std::span<float> level = out.subspan(static_cast<std::size_t>(f * width), static_cast<std::size_t>(width));
    const std::span<float> rise =
        out.subspan(static_cast<std::size_t>((bands + f) * width), static_cast<std::size_t>(width));
    for (std::int64_t t = 0; t < frames; ++t)
      level[static_cast<std::size_t>(t)] = std::log1p(magnitudes(t, f) * factor);
    for (std::size_t t = 1; t < static_cast<std::size_t>(width); ++t) {
      rise[t] = level[t] - level[t - 1];
      flux[t] += std::max(0.0f, rise[t]) / static_cast<float>(bands);
    }
  }
}

}  // namespace segue::audio
