#include "host/music/render/effects.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>

#include "host/music/draw.hpp"

namespace segue::music {
namespace {

// y = b₀x + b₁x′ + b₂x″ − a₁y′ − a₂y″
struct Section {
  double b0, b1, b2, a1, a2;
};

Section section_of(const Filter& filter, int sample_rate) {
  using Kind = Filter::Kind;
  const double w = 2 * std::numbers::pi * std::min(filter.hz, 0.45 * sample_rate) / sample_rate;
  const double cosine = std::cos(w), alpha = std::sin(w) / (2 * filter.q);
  const double a = std::pow(10, filter.gain_db / 40), root = 2 * std::sqrt(a) * alpha;
  const auto normalised = [](double b0, double b1, double b2, double a0, double a1, double a2) {
    return Section{b0 / a0, b1 / a0, b2 / a0, a1 / a0, a2 / a0};
  };
  switch (filter.kind) {
    case Kind::low_shelf:
      return normalised(a * ((a + 1) - (a - 1) * cosine + root), 2 * a * ((a - 1) - (a + 1) * cosine),
                        a * ((a + 1) - (a - 1) * cosine - root), (a + 1) + (a - 1) * cosine + root,
                        -2 * ((a - 1) + (a + 1) * cosine), (a + 1) + (a - 1) * cosine - root);
    case Kind::high_shelf:
      return normalised(a * ((a + 1) + (a - 1) * cosine + root), -2 * a * ((a - 1) + (a + 1) * cosine),
                        a * ((a + 1) + (a - 1) * cosine - root), (a + 1) - (a - 1) * cosine + root,
                        2 * ((a - 1) - (a + 1) * cosine), (a + 1) - (a - 1) * cosine - root);
    case Kind::low_pass:
      return normalised((1 - cosine) / 2, 1 - cosine, (1 - cosine) / 2, 1 + alpha, -2 * cosine, 1 - alpha);
    case Kind::high_pass:
      return normalised((1 + cosine) / 2, -(1 + cosine), (1 + cosine) / 2, 1 + alpha, -2 * cosine, 1 - alpha);
    case Kind::peak:
      break;
  }
  return normalised(1 + alpha * a, -2 * cosine, 1 - alpha * a, 1 + alpha / a, -2 * cosine, 1 - alpha / a);
}

// The share that a one-pole smoother takes of each new value.
double smoothing(double seconds, int sample_rate) {
  return 1 - std::exp(-1 / (seconds * sample_rate));
}

}  // namespace

double rms(std::span<const float> samples) {
  double sum = 0;
  for (const float sample : samples)
    sum += static_cast<double>(sample) * sample;
  return samples.empty() ? 0 : std::sqrt(sum / static_cast<double>(samples.size()));
}

double decibels(double db) {
  return std::pow(10, db / 20);
}

void scale(std::span<float> samples, double factor) {
  for (float& sample : samples)
    sample *= static_cast<float>(factor);
}

void normalise_peak(std::span<float> samples, double peak) {
  float highest = 0;
  for (const float sample : samples)
    highest = std::max(highest, std::abs(sample));
  if (highest > 0)
    scale(samples, peak / highest);
}

void filter(std::span<float> samples, int sample_rate, const Filter& filter) {
  const Section section = section_of(filter, sample_rate);
  double first = 0, second = 0;  // transposed direct form II
  for (float& sample : samples) {
    const double x = sample;
    const double y = section.b0 * x + first;
    first = section.b1 * x - section.a1 * y + second;
    second = section.b2 * x - section.a2 * y;
    sample = static_cast<float>(y);
  }
}

void distort(std::span<float> samples, int sample_rate, double drive) {
  limit(samples, drive);
  filter(samples, sample_rate, {.kind = Filter::Kind::low_pass, .hz = 4500});
}

void add_room(std::span<float> samples, int sample_rate, const Room& room) {
  constexpr std::size_t kLines = 8;
  constexpr std::array<double, kLines> kDelays = {0.0197, 0.0231, 0.0266, 0.0311, 0.0353, 0.0401, 0.0449, 0.0499};
  constexpr float kDamping = 0.3f;  // of the highs, at each pass
  std::array<std::vector<float>, kLines> lines;
  std::array<std::size_t, kLines> position{};
  std::array<float, kLines> gain{}, damped{};
  for (std::size_t i = 0; i < kLines; ++i) {
    const double seconds = kDelays[i] * room.size;
    lines[i].resize(static_cast<std::size_t>(std::max(1.0, seconds * sample_rate)));
    gain[i] = static_cast<float>(std::pow(10, -3 * seconds / room.decay_seconds));
  }
  const auto wet = static_cast<float>(room.wet);
  for (float& sample : samples) {
    std::array<float, kLines> heard{};
    float sum = 0, side = 0;
    for (std::size_t i = 0; i < kLines; ++i) {
      damped[i] += (1 - kDamping) * (lines[i][position[i]] - damped[i]);
      heard[i] = gain[i] * damped[i];
      sum += heard[i];
      side += i % 2 == 0 ? heard[i] : -heard[i];
    }
    for (std::size_t i = 0; i < kLines; ++i) {
      lines[i][position[i]] = sample + heard[i] - 2.0f / kLines * sum;
      position[i] = position[i] + 1 == lines[i].size() ? 0 : position[i] + 1;
    }
    sample += wet * side;
  }
}

void compress(std::span<float> samples, int sample_rate, const Compressor& compressor) {
  const double threshold = compressor.threshold * rms(samples);
  if (threshold <= 0)
    return;
  const double attack = smoothing(compressor.attack_seconds, sample_rate);
  const double release = smoothing(compressor.release_seconds, sample_rate);
  const double exponent = 1 / compressor.ratio - 1;
  constexpr std::size_t kStep = 16;  // samples with one gain
  double envelope = 0;
  for (std::size_t begin = 0; begin < samples.size(); begin += kStep) {
    const std::span<float> step = samples.subspan(begin, std::min(kStep, samples.size() - begin));
    for (const float sample : step) {
      const double level = std::abs(sample);
      envelope += (level > envelope ? attack : release) * (level - envelope);
    }
    if (envelope > threshold)
      scale(step, std::pow(envelope / threshold, exponent));
  }
}

void limit(std::span<float> samples, double drive) {
  const double level = rms(samples);
  if (level <= 0)
    return;
  const auto factor = static_cast<float>(drive / level);
  for (float& sample : samples)
    sample = std::tanh(factor * sample);
}

void add_noise(std::span<float> samples, int sample_rate, double corner_hz, double level, Random& random) {
  const auto share = static_cast<float>(smoothing(1 / (2 * std::numbers::pi * corner_hz), sample_rate));
  std::vector<float> noise(samples.size());
  float smooth = 0;
  for (float& value : noise) {
    const auto white = static_cast<float>(between(random, -1, 1));
    value = smooth += share * (white - smooth);
  }
  const double loudness = rms(noise);
  const auto factor = static_cast<float>(loudness > 0 ? level * rms(samples) / loudness : 0);
  for (std::size_t i = 0; i < samples.size(); ++i)
    samples[i] += factor * noise[i];
}

void add_record_player(std::span<float> samples, int sample_rate, const Record& record, Random& random) {
  const double level = rms(samples);
  constexpr std::array<double, 4> kHarmonics = {1, 0.7, 0.4, 0.3};
  for (std::size_t h = 0; h < kHarmonics.size(); ++h) {
    const double step = 2 * std::numbers::pi * record.hum_hz * static_cast<double>(h + 1) / sample_rate;
    const double amplitude = level * record.hum_level * kHarmonics[h];
    const double phase = between(random, 0, 2 * std::numbers::pi);
    for (std::size_t i = 0; i < samples.size(); ++i)
      samples[i] += static_cast<float>(amplitude * std::sin(step * static_cast<double>(i) + phase));
  }
  const double mean_gap = sample_rate / record.clicks_per_second;
  for (double at = mean_gap * random.exponential(); at + 2 < static_cast<double>(samples.size());
       at += mean_gap * random.exponential()) {
    const double click = level * between(random, -1.5, 1.5);
    samples[static_cast<std::size_t>(at)] += static_cast<float>(click);
    samples[static_cast<std::size_t>(at) + 1] -= static_cast<float>(0.6 * click);
  }
}

}  // namespace segue::music
