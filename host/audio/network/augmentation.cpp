#include "host/audio/network/augmentation.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "segue/core/float16.hpp"

namespace segue::audio {
namespace {

double between(Random& random, double low, double high) {
  return low + (high - low) * random.uniform();
}

float gain_of_decibels(double decibels) {
  return static_cast<float>(std::pow(10, decibels / 20));
}

/// A curve through `knots` normal draws of the given deviation, linear between them, at `count` points.
std::vector<double> random_curve(Random& random, int knots, double deviation, std::int64_t count) {
  std::vector<double> at(static_cast<std::size_t>(knots));
  for (double& value : at)
    value = deviation * random.normal();
  std::vector<double> curve;
  for (std::int64_t i = 0; i < count; ++i) {
    const double position =
        static_cast<double>(i * (knots - 1)) / static_cast<double>(std::max<std::int64_t>(1, count - 1));
    const auto left = std::min(static_cast<std::size_t>(position), at.size() - 2);
    curve.push_back(std::lerp(at[left], at[left + 1], position - static_cast<double>(left)));
  }
  return curve;
}

struct Colour {
  int knots;
  double lowest_share, highest_share;  // how much of either end a band limit may take
  double tilt_decibels;
};

// Gains of an equaliser, a tilt and, at times, a band limit.
std::vector<float> random_gains(Random& random, std::int64_t bands, const Colour& colour) {
  const std::vector<double> equaliser = random_curve(random, colour.knots, 5, bands);
  const double tilt = between(random, -1, 1) * colour.tilt_decibels;
  const bool cut_low = random.uniform() < 0.3, cut_high = random.uniform() < 0.3;
  const double low = cut_low ? random.uniform() * colour.lowest_share : 0;
  const double high = 1 - (cut_high ? random.uniform() * colour.highest_share : 0);
  std::vector<float> gains;
  for (std::int64_t f = 0; f < bands; ++f) {
    const double at = static_cast<double>(f) / static_cast<double>(bands);
    const float kept = at >= low && at < high ? 1.0f : 0.03f;
    gains.push_back(kept * gain_of_decibels(equaliser[static_cast<std::size_t>(f)] + tilt * (at - 0.5)));
  }
  return gains;
}

float mean_of(MatrixView<const float> x) {
  const double sum = std::accumulate(x.data(), x.data() + x.rows() * x.columns(), 0.0);
  return static_cast<float>(sum / static_cast<double>(x.rows() * x.columns()));
}

// (x·gain/mean)^exponent: dynamics compressed or expanded; the mean is 1 before.
void apply_gains(std::span<const float> gains, double exponent, MatrixView<float> x) {
  for (std::int64_t t = 0; t < x.rows(); ++t)
    std::transform(gains.begin(), gains.end(), x.row(t).begin(), x.row(t).begin(), std::multiplies<>());
  const float mean = mean_of(x) + 1e-9f;
  const auto power = static_cast<float>(exponent);
  for (float& value : std::span(x.data(), static_cast<std::size_t>(x.rows() * x.columns())))
    value = std::pow(value / mean, power);
}

// Noise of uniform magnitude adds in power.
void add_noise(Random& random, float amplitude, std::span<float> frame) {
  for (float& value : frame) {
    const float noise = 2 * amplitude * static_cast<float>(random.uniform());
    value = std::sqrt(value * value + noise * noise);
  }
}

// Each band falls by `decay` a frame at most.
void reverberate(float decay, MatrixView<float> x) {
  for (std::int64_t t = 1; t < x.rows(); ++t)
    for (std::int64_t f = 0; f < x.columns(); ++f)
      x(t, f) = std::max(x(t, f), decay * x(t - 1, f));
}

// out(t, f) = in(t + begin, f − bins), linear between bins, 0 outside.
void shift_bins(MatrixView<const std::uint16_t> in, std::int64_t begin, double bins, MatrixView<float> out) {
  const double whole = std::floor(-bins);
  const auto offset = static_cast<std::int64_t>(whole);
  const auto right_weight = static_cast<float>(-bins - whole);
  const std::int64_t bands = in.columns();
  for (std::int64_t t = 0; t < out.rows(); ++t)
    for (std::int64_t f = 0; f < bands; ++f) {
      const std::int64_t left = f + offset;
      const float a = left >= 0 && left < bands ? from_float16(in(begin + t, left)) : 0.0f;
      const float b = left + 1 >= 0 && left + 1 < bands ? from_float16(in(begin + t, left + 1)) : 0.0f;
      out(t, f) = a + right_weight * (b - a);
    }
}

TimeCrop random_crop(std::int64_t frames, double tempo, std::int64_t width, Random& random) {
  TimeCrop crop;
  crop.ratio = std::exp(between(random, std::log(0.8), std::log(1.25)));
  const double draw = random.uniform();
  if (tempo > 0 && !(tempo * crop.ratio >= 40 && tempo * crop.ratio <= 230))
    crop.ratio = 1;
  if (static_cast<double>(width) * crop.ratio + 2 > static_cast<double>(frames))
    crop.ratio = std::min(1.0, static_cast<double>(frames - 3) / static_cast<double>(width));
  if (crop.ratio < 0.8) {  // too short a clip: silence follows
    crop.ratio = 1;
    return crop;
  }
  crop.begin =
      std::floor(draw * std::max(0.0, static_cast<double>(frames) - static_cast<double>(width) * crop.ratio - 1));
  return crop;
}

void stretch(MatrixView<const std::uint16_t> in, const TimeCrop& crop, MatrixView<float> out) {
  for (std::int64_t t = 0; t < out.rows(); ++t) {
    const double position = crop.begin + static_cast<double>(t) * crop.ratio;
    const auto left = static_cast<std::int64_t>(position);
    const auto right_weight = static_cast<float>(position - static_cast<double>(left));
    if (left + 1 >= in.rows()) {
      std::ranges::fill(out.row(t), 0.0f);
      continue;
    }
    for (std::int64_t f = 0; f < in.columns(); ++f)
      out(t, f) = std::lerp(from_float16(in(left, f)), from_float16(in(left + 1, f)), right_weight);
  }
}

}  // namespace

int augment_harmonic(MatrixView<const std::uint16_t> clip, int bins_per_octave, Random& random, MatrixView<float> out) {
  const auto begin = static_cast<std::int64_t>(random.below(static_cast<std::uint32_t>(clip.rows() - out.rows() + 1)));
  const int semitones = static_cast<int>(random.below(9)) - 4;
  const double cents = 100 * semitones + between(random, -25, 25);
  shift_bins(clip, begin, cents * bins_per_octave / 1200, out);
  const std::vector<float> gains = random_gains(random, out.columns(), {8, 0.18, 0.3, 6});
  apply_gains(gains, between(random, 0.75, 1.25), out);

  const bool is_noisy = random.uniform() < 0.6, has_hits = random.uniform() < 0.4;
  const double noise = is_noisy ? std::pow(10, between(random, -2.5, -0.3)) : 0;
  const double hits = has_hits ? std::pow(10, between(random, -1.5, 0)) : 0;
  if (is_noisy || has_hits)
    for (std::int64_t t = 0; t < out.rows(); ++t)
      add_noise(random, static_cast<float>(noise + hits * std::pow(random.uniform(), 3)), out.row(t));
  return semitones;
}

TimeCrop augment_rhythm(MatrixView<const std::uint16_t> clip, double tempo, Random& random, MatrixView<float> out) {
  const TimeCrop crop = random_crop(clip.rows(), tempo, out.rows(), random);
  stretch(clip, crop, out);
  const std::vector<float> gains = random_gains(random, out.columns(), {6, 0.15, 0.5, 12});
  apply_gains(gains, between(random, 0.7, 1.3), out);
  if (random.uniform() < 0.3)
    reverberate(static_cast<float>(between(random, 0.3, 0.85)), out);
  if (random.uniform() < 0.5) {
    const auto amplitude = static_cast<float>(std::pow(10, between(random, -2.4, -0.4)));
    for (std::int64_t t = 0; t < out.rows(); ++t)
      add_noise(random, amplitude, out.row(t));
  }
  const std::vector<double> drift = random_curve(random, 5, 2, out.rows());
  for (std::int64_t t = 0; t < out.rows(); ++t) {
    const float gain = gain_of_decibels(drift[static_cast<std::size_t>(t)]);
    for (float& value : out.row(t))
      value *= gain;
  }
  return crop;
}

}  // namespace segue::audio
