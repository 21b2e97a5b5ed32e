#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <numeric>

#include "segue/audio/spectrogram.hpp"
#include "segue/core/error.hpp"

namespace segue::audio {
namespace {

std::vector<float> weights_of(const Filterbank& bank, std::size_t filter) {
  return {bank.weights.begin() + bank.offset[filter], bank.weights.begin() + bank.offset[filter + 1]};
}

float sum(const std::vector<float>& weights) {
  return std::accumulate(weights.begin(), weights.end(), 0.0f);
}

TEST(Filterbank, UnitSumFiltersAddUpToOneAndAreNeverEmpty) {
  // 128 mel bands in 129 bins: the low ones lie between bins.
  const Filterbank mel = mel_filterbank({.bands = 128, .norm = FilterNorm::unit_sum}, 22050, 256);
  ASSERT_EQ(mel.filters(), 128);
  ASSERT_EQ(mel.bins, 129);
  for (std::size_t i = 0; i < 128; ++i) {
    EXPECT_NEAR(sum(weights_of(mel, i)), 1, 1e-6) << i;
    EXPECT_GE(mel.first[i], i == 0 ? 0 : mel.first[i - 1]);
  }
}

TEST(Filterbank, SlaneyFiltersHaveUnitAreaInHertz) {
  const Filterbank mel = mel_filterbank({.bands = 20}, 22050, 16384);
  for (std::size_t i = 0; i < 20; ++i)
    EXPECT_NEAR(sum(weights_of(mel, i)) * 22050 / 16384, 1, 1e-3) << i;
}

// From the definition: band b lies at f(b) = f_min·2^(b/B), and is as wide on either side as f(b) − f(b−1), at least
// 0.75 bins.
TEST(Filterbank, LogFrequencyTrianglesAreAsDefined) {
  constexpr int kRate = 22050, kLength = 8192, kPerOctave = 36;
  const LogFrequencyOptions options{.bands = 252, .bins_per_octave = kPerOctave, .f_min = 32.703};
  const Filterbank bank = log_frequency_filterbank(options, kRate, kLength);
  ASSERT_EQ(bank.filters(), 252);
  ASSERT_EQ(bank.bins, kLength / 2 + 1);
  constexpr double kBin = static_cast<double>(kRate) / kLength;
  for (std::size_t b = 0; b < 252; ++b) {
    const double centre = 32.703 * std::pow(2, static_cast<double>(b) / kPerOctave);
    const double width = std::max(centre * (1 - std::pow(2, -1.0 / kPerOctave)), 0.75 * kBin);
    std::vector<double> dense;
    for (int k = 0; k < bank.bins; ++k)
      dense.push_back(std::max(0.0, 1 - std::abs(k * kBin - centre) / width));
    const double total = std::accumulate(dense.begin(), dense.end(), 0.0);
    for (std::int32_t w = bank.offset[b]; w < bank.offset[b + 1]; ++w) {
      double& expected = dense[static_cast<std::size_t>(bank.first[b] + w - bank.offset[b])];
      EXPECT_NEAR(bank.weights[static_cast<std::size_t>(w)], expected / total, 1e-6) << "band " << b;
      expected = 0;
    }
    EXPECT_NEAR(std::accumulate(dense.begin(), dense.end(), 0.0), 0, 1e-9) << "weights missing in band " << b;
  }
}

TEST(Filterbank, HighestBandMayReachHalfTheSampleRate) {
  const Filterbank bank = log_frequency_filterbank({.bands = 13, .bins_per_octave = 12, .f_min = 2000}, 8000, 512);
  EXPECT_EQ(bank.first[12] + bank.offset[13] - bank.offset[12], 257);
  EXPECT_NEAR(sum(weights_of(bank, 12)), 1, 1e-6);
}

void expect_refused(const std::function<void()>& make, const std::string& message) {
  try {
    make();
    ADD_FAILURE() << "accepted; expected: " << message;
  } catch (const InvalidArgument& error) {
    EXPECT_EQ(error.what(), message);
  }
}

TEST(Filterbank, RefusesOptionsOutOfRange) {
  expect_refused([] { mel_filterbank({.bands = 0}, 22050, 2048); }, "mel filterbank: 0 bands, expected 1 to 4096");
  expect_refused([] { mel_filterbank({}, 0, 2048); }, "mel filterbank: a sample rate of 0 Hz, expected at least 1");
  expect_refused([] { mel_filterbank({}, 22050, 1000); },
                 "spectrogram: n_fft is 1000, expected a power of two times 1, 3 or 5, 16 to 65536");
  expect_refused(
      [] { mel_filterbank({.f_max = 10000}, 16000, 2048); },
      "mel filterbank: bands from 0 to 10000 Hz, expected ascending within 0 to 8000 (half the sample rate)");
  expect_refused(
      [] { mel_filterbank({.f_min = std::nan("")}, 16000, 2048); },
      "mel filterbank: bands from nan to 8000 Hz, expected ascending within 0 to 8000 (half the sample rate)");
  expect_refused(
      [] { log_frequency_filterbank({.bands = 252, .bins_per_octave = 36}, 8000, 8192); },
      "log-frequency filterbank: the highest of 252 bands is 4106 Hz, expected at most 4000 (half the sample "
      "rate)");
  expect_refused([] { log_frequency_filterbank({.bands = 12, .bins_per_octave = 0}, 8000, 8192); },
                 "log-frequency filterbank: 0 bins per octave from 32.703 Hz, expected both above 0");
}

}  // namespace
}  // namespace segue::audio
