#include "segue/audio/spectrogram.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "segue/core/error.hpp"
#include "segue/core/parallel.hpp"
#include "tests/audio/signal/reference.hpp"
#include "tests/audio/signal/signals.hpp"

namespace segue::audio_signal {
namespace {

using audio::Filterbank;
using audio::make_spectrogram;
using audio::Spectrogram;
using audio::SpectrogramOptions;
using Output = SpectrogramOptions::Output;

Matrix<float> compute(Spectrogram& spectrogram, std::span<const float> clip) {
  Matrix<float> result(spectrogram.frames(static_cast<std::int64_t>(clip.size())), spectrogram.filters(),
                       reference::kPoison);
  const MatrixView<float> view = result.view();
  spectrogram.compute({&clip, 1}, {&view, 1});
  return result;
}

std::vector<float> values(const Matrix<float>& matrix) {
  return {matrix.data(), matrix.data() + matrix.rows() * matrix.columns()};
}

/// Clips around each length that matters: none, one sample, just under and over a window and a hop.
std::vector<std::vector<float>> clips_around(const SpectrogramOptions& options) {
  std::vector<std::vector<float>> clips;
  const std::int64_t n = options.n_fft, hop = options.hop_length;
  for (const std::int64_t samples :
       {std::int64_t{0}, std::int64_t{1}, n / 2, n - 1, n, n + 1, hop, 3 * hop - 1, 2 * n + 5})
    clips.push_back(noise(samples, static_cast<std::uint64_t>(samples)));
  return clips;
}

TEST(Spectrogram, MatchesTheTransformAsWrittenOverRandomShapes) {
  Random random(2048);
  const std::vector<int> lengths = {16, 20, 24, 32, 40, 48, 64, 80, 96, 128, 160, 192, 256, 320, 384, 512};
  for (int round = 0; round < 40; ++round) {
    SpectrogramOptions options;
    options.n_fft = lengths[random.below(static_cast<std::uint32_t>(lengths.size()))];
    options.hop_length = 1 + static_cast<int>(random.below(static_cast<std::uint32_t>(2 * options.n_fft)));
    options.hop_length = std::max(options.hop_length, options.n_fft / 8);
    options.center = random.below(2) == 0;
    options.output = random.below(2) == 0 ? Output::power : Output::magnitude;
    options.decibels = random.below(3) == 0;
    Filterbank bank;
    if (const auto bands = static_cast<int>(random.below(40)); bands > 0)
      bank = audio::mel_filterbank({.bands = bands, .norm = audio::FilterNorm::unit_sum}, 16000, options.n_fft);
    SCOPED_TRACE(testing::Message() << "n_fft " << options.n_fft << ", hop " << options.hop_length << ", "
                                    << bank.filters() << " filters, center " << options.center << ", decibels "
                                    << options.decibels);
    reference::expect_reference(*make_spectrogram(Device::cpu(), options, bank), bank, clips_around(options));
    if (HasFatalFailure())
      return;
  }
}

TEST(Spectrogram, FramesAreCountedAsDocumented) {
  const SpectrogramOptions centred{.n_fft = 2048, .hop_length = 512};
  EXPECT_EQ(audio::frame_count(centred, 0), 1);
  EXPECT_EQ(audio::frame_count(centred, 511), 1);
  EXPECT_EQ(audio::frame_count(centred, 512), 2);
  EXPECT_EQ(audio::frame_count(centred, 661500), 1292);
  const SpectrogramOptions inside{.n_fft = 2048, .hop_length = 512, .center = false};
  EXPECT_EQ(audio::frame_count(inside, 0), 0);
  EXPECT_EQ(audio::frame_count(inside, 2047), 0);
  EXPECT_EQ(audio::frame_count(inside, 2048), 1);
  EXPECT_EQ(audio::frame_count(inside, 2048 + 512), 2);
}

TEST(Spectrogram, SilenceIsZeroAndTheFloorInDecibels) {
  const std::vector<float> silence(3000, 0.0f);
  SpectrogramOptions options{.n_fft = 512, .hop_length = 256};
  EXPECT_THAT(values(compute(*make_spectrogram(Device::cpu(), options, {}), silence)), testing::Each(0.0f));
  options.decibels = true;
  EXPECT_THAT(values(compute(*make_spectrogram(Device::cpu(), options, {}), silence)), testing::Each(-100.0f));
  options.output = Output::magnitude;
  EXPECT_THAT(values(compute(*make_spectrogram(Device::cpu(), options, {}), silence)), testing::Each(-100.0f));
}

// Σₖ |X(k)|² over all n bins = n·Σₜ (w(t)·x(t))²
TEST(Spectrogram, EnergyIsThatOfTheWindowedSamples) {
  constexpr int kLength = 8192;
  const auto spectrogram = make_spectrogram(Device::cpu(), {.n_fft = kLength, .hop_length = 1, .center = false}, {});
  const std::vector<float> signal = noise(kLength, 7);
  const Matrix<float> power = compute(*spectrogram, signal);
  double in_time = 0, in_frequency = 0;
  for (std::int64_t t = 0; t < kLength; ++t) {
    const double x = reference::window(t, kLength) * static_cast<double>(signal[static_cast<std::size_t>(t)]);
    in_time += kLength * x * x;
  }
  for (std::int64_t k = 0; k <= kLength / 2; ++k)
    in_frequency += (k == 0 || k == kLength / 2 ? 1 : 2) * static_cast<double>(power(0, k));
  EXPECT_NEAR(in_frequency / in_time, 1, 1e-6);
}

TEST(Spectrogram, ClipMovedByOneHopGivesTheSameFramesOneLater) {
  const SpectrogramOptions options{.n_fft = 1024, .hop_length = 160};
  const auto spectrogram = make_spectrogram(Device::cpu(), options, audio::mel_filterbank({}, 16000, 1024));
  const std::vector<float> signal = noise(9000, 11);
  std::vector<float> moved(160, 0.0f);
  moved.insert(moved.end(), signal.begin(), signal.end());
  const Matrix<float> first = compute(*spectrogram, signal), second = compute(*spectrogram, moved);
  ASSERT_EQ(second.rows(), first.rows() + 1);
  for (std::int64_t t = 0; t < first.rows(); ++t)
    ASSERT_THAT(second.row(t + 1), testing::ElementsAreArray(first.row(t))) << "frame " << t;
}

TEST(Spectrogram, SameBitsOnAnyNumberOfThreadsAndInAnyCompany) {
  const auto bank = audio::log_frequency_filterbank({.bands = 84, .bins_per_octave = 12, .f_min = 65.4}, 22050, 2048);
  const SpectrogramOptions options{.n_fft = 2048, .hop_length = 100, .output = Output::magnitude};
  const auto spectrogram = make_spectrogram(Device::cpu(), options, bank);
  std::vector<std::vector<float>> signals;
  for (const std::int64_t samples : {30011, 0, 8000, 1})
    signals.push_back(noise(samples, static_cast<std::uint64_t>(samples)));
  std::vector<Matrix<float>> alone;
  for (const auto& signal : signals)
    alone.push_back(compute(*spectrogram, signal));
  for (const int threads : {1, 2, 5}) {
    set_thread_count(threads);
    const std::vector<std::span<const float>> clips(signals.begin(), signals.end());
    std::vector<Matrix<float>> results;
    std::vector<MatrixView<float>> views;
    for (const Matrix<float>& expected : alone)
      results.emplace_back(expected.rows(), expected.columns(), reference::kPoison);
    for (Matrix<float>& result : results)
      views.push_back(result.view());
    spectrogram->compute(clips, views);
    for (std::size_t i = 0; i < alone.size(); ++i)
      EXPECT_EQ(values(results[i]), values(alone[i])) << threads << " threads, clip " << i;
  }
  set_thread_count(0);
}

TEST(Spectrogram, ToneStandsInItsBin) {
  constexpr int kLength = 1024, kBin = 100;
  std::vector<float> tone;
  for (int t = 0; t < 4 * kLength; ++t)
    tone.push_back(static_cast<float>(std::cos(2 * std::numbers::pi * kBin * t / kLength)));
  const auto spectrogram = make_spectrogram(
      Device::cpu(), {.n_fft = kLength, .hop_length = kLength, .center = false, .output = Output::magnitude}, {});
  const Matrix<float> magnitude = compute(*spectrogram, tone);
  ASSERT_EQ(magnitude.rows(), 4);
  for (std::int64_t t = 0; t < 4; ++t) {
    EXPECT_NEAR(magnitude(t, kBin), kLength / 4.0, 1e-3);      // Σ w / 2
    EXPECT_NEAR(magnitude(t, kBin + 1), kLength / 8.0, 1e-3);  // a Hann window's side: half of it
    EXPECT_NEAR(magnitude(t, kBin + 2), 0, 1e-3);
  }
}

void expect_refused(const SpectrogramOptions& options, const Filterbank& bank, const std::string& message) {
  try {
    make_spectrogram(Device::cpu(), options, bank);
    ADD_FAILURE() << "accepted; expected: " << message;
  } catch (const InvalidArgument& error) {
    EXPECT_EQ(error.what(), message);
  }
}

TEST(Spectrogram, RefusesWhatItCannotDo) {
  for (const int n_fft : {-16, 0, 1, 8, 17, 100, 2047, 2560 * 5, 131072})
    expect_refused(
        {.n_fft = n_fft}, {},
        "spectrogram: n_fft is " + std::to_string(n_fft) + ", expected a power of two times 1, 3 or 5, 16 to 65536");
  for (const int hop : {-1, 0, 1'000'001})
    expect_refused({.hop_length = hop}, {},
                   "spectrogram: hop_length is " + std::to_string(hop) + ", expected 1 to 1000000");
  expect_refused({.n_fft = 1024}, audio::mel_filterbank({}, 22050, 2048),
                 "spectrogram: the filterbank is for 1025 bins, expected 513 (n_fft 1024)");
  Filterbank bank = audio::mel_filterbank({.bands = 2}, 22050, 1024);
  bank.first[1] = 500;
  expect_refused({.n_fft = 1024}, bank, "spectrogram: filter 1 has 461 weights from bin 500, expected within 0 to 512");
  bank.weights.pop_back();
  expect_refused({.n_fft = 1024}, bank, "spectrogram: the filterbank's bins, offsets and weights do not fit together");
}

TEST(Spectrogram, RefusesResultsOfAnotherShape) {
  const auto spectrogram = make_spectrogram(Device::cpu(), {.n_fft = 64, .hop_length = 16}, {});
  const std::vector<float> signal(160, 0.0f);
  const std::span<const float> clip(signal);
  Matrix<float> result(10, 33);
  const MatrixView<float> view = result.view();
  try {
    spectrogram->compute({&clip, 1}, {&view, 1});
    ADD_FAILURE() << "accepted";
  } catch (const InvalidArgument& error) {
    EXPECT_STREQ(error.what(), "spectrogram: the result of clip 0 is 10 × 33, expected 11 × 33 (160 samples)");
  }
  EXPECT_THROW(spectrogram->compute({&clip, 1}, {}), InvalidArgument);
  spectrogram->compute({}, {});
}

}  // namespace
}  // namespace segue::audio_signal
