// Against librosa 0.11.0; make_golden.py made the files.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "segue/audio/spectrogram.hpp"
#include "segue/core/npy.hpp"
#include "tests/audio/signal/reference.hpp"
#include "tests/audio/signal/signals.hpp"

namespace segue::audio_signal {
namespace {

using audio::Filterbank;
using audio::SpectrogramOptions;

Matrix<float> golden(const std::string& name) {
  return read_npy_matrix(std::filesystem::path(SEGUE_TEST_DATA) / "audio" / ("librosa_" + name + ".npy"));
}

/// Each value within `tolerance` of its row's largest.
void expect_golden(const Matrix<float>& got, const std::string& name, double tolerance = 1e-4) {
  const Matrix<float> want = golden(name);
  ASSERT_EQ(got.rows(), want.rows());
  ASSERT_EQ(got.columns(), want.columns());
  for (std::int64_t row = 0; row < want.rows(); ++row) {
    double largest = 0;
    for (const float value : want.row(row))
      largest = std::max(largest, std::abs(static_cast<double>(value)));
    for (std::int64_t i = 0; i < want.columns(); ++i)
      ASSERT_LE(std::abs(static_cast<double>(got(row, i)) - static_cast<double>(want(row, i))), tolerance * largest)
          << name << ", row " << row << ", column " << i;
  }
}

Matrix<float> spectrogram(const SpectrogramOptions& options, const Filterbank& bank) {
  const auto tested = audio::make_spectrogram(Device::cpu(), options, bank);
  const std::vector<float> signal = chirp_and_noise(5000);
  Matrix<float> result(tested->frames(5000), tested->filters(), reference::kPoison);
  const std::span<const float> clip(signal);
  const MatrixView<float> view = result.view();
  tested->compute({&clip, 1}, {&view, 1});
  return result;
}

Matrix<float> dense(const Filterbank& bank) {
  Matrix<float> result(bank.filters(), bank.bins, 0.0f);
  for (std::size_t i = 0; i < bank.first.size(); ++i)
    for (std::int32_t w = bank.offset[i]; w < bank.offset[i + 1]; ++w)
      result(static_cast<std::int64_t>(i), bank.first[i] + w - bank.offset[i]) =
          bank.weights[static_cast<std::size_t>(w)];
  return result;
}

TEST(Librosa, StftPower) {
  expect_golden(spectrogram({.n_fft = 1024, .hop_length = 700}, {}), "stft_power");
  expect_golden(spectrogram({.n_fft = 640, .hop_length = 480, .center = false}, {}), "stft_power_640");
}

TEST(Librosa, MelPowerAndDecibels) {
  const Filterbank bank = audio::mel_filterbank({}, 22050, 2048);
  expect_golden(spectrogram({}, bank), "mel_power");
  expect_golden(spectrogram({.decibels = true}, bank), "mel_db");
}

TEST(Librosa, MelMagnitudeOfTheFrontEnd) {
  const Filterbank bank = audio::mel_filterbank(
      {.bands = 40, .f_min = 20, .f_max = 10000, .scale = audio::MelScale::htk, .norm = audio::FilterNorm::unit_sum},
      22050, 2048);
  expect_golden(spectrogram({.output = SpectrogramOptions::Output::magnitude}, bank), "mel_htk_magnitude");
}

TEST(Librosa, Filters) {
  // 80 filters in 49 bins: some lie between two bins and are empty.
  expect_golden(dense(audio::mel_filterbank({.bands = 80}, 8000, 96)), "filters_slaney", 1e-6);
  expect_golden(
      dense(audio::mel_filterbank(
          {.bands = 12, .f_min = 50, .f_max = 3800, .scale = audio::MelScale::htk, .norm = audio::FilterNorm::none},
          8000, 256)),
      "filters_htk", 1e-6);
}

}  // namespace
}  // namespace segue::audio_signal
