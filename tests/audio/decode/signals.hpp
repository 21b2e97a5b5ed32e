#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <numbers>
#include <random>
#include <span>
#include <string_view>
#include <vector>

namespace segue::audio::test {

inline std::vector<float> tone(double frequency, double amplitude, double seconds, int sample_rate,
                               double phase_degrees = 0) {
  std::vector<float> samples(static_cast<std::size_t>(std::llround(seconds * sample_rate)));
  for (std::size_t i = 0; i < samples.size(); ++i)
    samples[i] = static_cast<float>(amplitude *
                                    std::sin(2 * std::numbers::pi * frequency * static_cast<double>(i) / sample_rate +
                                             phase_degrees * std::numbers::pi / 180));
  return samples;
}

/// The same samples in each channel.
inline std::vector<float> in_channels(std::span<const float> mono, int channels) {
  std::vector<float> interleaved;
  for (const float sample : mono)
    interleaved.insert(interleaved.end(), static_cast<std::size_t>(channels), sample);
  return interleaved;
}

inline std::vector<float> noise(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<float> samples(count);
  for (float& sample : samples)
    sample = static_cast<float>(random()) / 4294967296.0F - 0.5F;
  return samples;
}

/// Header fields of a RIFF WAVE file as they are, right or wrong.
struct WavHeader {
  std::uint16_t format = 1;  // 1: integers, 3: floats
  std::uint16_t channels = 1;
  std::uint32_t sample_rate = 44100;
  std::uint16_t bits = 16;
};

inline std::vector<std::uint8_t> wav_file(const WavHeader& header, std::span<const std::uint8_t> data) {
  std::vector<std::uint8_t> file;
  const auto text = [&](std::string_view four) { std::ranges::copy(four, std::back_inserter(file)); };
  const auto number = [&](std::uint32_t value, int bytes) {
    for (int byte = 0; byte < bytes; ++byte)
      file.push_back(static_cast<std::uint8_t>(value >> (8 * byte)));
  };
  const std::uint32_t frame_bytes = header.channels * header.bits / 8U;
  const auto data_bytes = static_cast<std::uint32_t>(data.size());
  text("RIFF"), number(36 + data_bytes, 4), text("WAVE");
  text("fmt "), number(16, 4), number(header.format, 2), number(header.channels, 2), number(header.sample_rate, 4);
  number(header.sample_rate * frame_bytes, 4), number(frame_bytes, 2), number(header.bits, 2);
  text("data"), number(data_bytes, 4);
  std::ranges::copy(data, std::back_inserter(file));
  return file;
}

template <class Sample>
std::vector<std::uint8_t> bytes_of(const std::vector<Sample>& samples) {
  std::vector<std::uint8_t> bytes(samples.size() * sizeof(Sample));
  std::memcpy(bytes.data(), samples.data(), bytes.size());
  return bytes;
}

/// Σ a·b / √(Σa²·Σb²) with b moved by `lag` against a.
inline double correlation(std::span<const float> a, std::span<const float> b, int lag) {
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto j = static_cast<std::ptrdiff_t>(i) + lag;
    if (j < 0 || j >= static_cast<std::ptrdiff_t>(b.size()))
      continue;
    const double x = a[i], y = b[static_cast<std::size_t>(j)];
    ab += x * y, aa += x * x, bb += y * y;
  }
  return ab / std::sqrt(aa * bb);
}

/// The lag within ±range at which they are most alike.
inline int best_lag(std::span<const float> a, std::span<const float> b, int range) {
  int best = -range;
  for (int lag = -range; lag <= range; ++lag)
    if (correlation(a, b, lag) > correlation(a, b, best))
      best = lag;
  return best;
}

}  // namespace segue::audio::test
