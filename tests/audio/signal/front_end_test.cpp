#include <gtest/gtest.h>

#include "segue/audio/network.hpp"
#include "tests/audio/signal/signals.hpp"

namespace segue::audio {
namespace {

void expect_same(const Matrix<float>& got, Spectrogram& spectrogram, std::span<const float> clip) {
  Matrix<float> want(spectrogram.frames(static_cast<std::int64_t>(clip.size())), spectrogram.filters());
  const MatrixView<float> view = want.view();
  spectrogram.compute({&clip, 1}, {&view, 1});
  ASSERT_EQ(got.rows(), want.rows());
  ASSERT_EQ(got.columns(), want.columns());
  for (std::int64_t row = 0; row < want.rows(); ++row)
    for (std::int64_t i = 0; i < want.columns(); ++i)
      ASSERT_EQ(got(row, i), want(row, i));
}

TEST(FrontEnd, BothSpectrogramsOfEachClip) {
  const FrontEndOptions options;
  FrontEnd front_end(Device::cpu(), options);
  const std::vector<float> empty, second = audio_signal::noise(22050, 1), longer = audio_signal::noise(50001, 2);
  const std::vector<std::span<const float>> clips = {empty, second, longer};
  const std::vector<Features> features = front_end.compute(clips);
  ASSERT_EQ(features.size(), 3u);
  const auto mel = make_spectrogram(Device::cpu(), options.mel, mel_filterbank(options.mel_bands, 22050, 2048));
  const auto harmonic =
      make_spectrogram(Device::cpu(), options.harmonic, log_frequency_filterbank(options.harmonic_bands, 22050, 8192));
  for (std::size_t i = 0; i < clips.size(); ++i) {
    expect_same(features[i].mel, *mel, clips[i]);
    expect_same(features[i].harmonic, *harmonic, clips[i]);
  }
  EXPECT_EQ(features[1].mel.rows(), 44);
  EXPECT_EQ(features[1].mel.columns(), 40);
  EXPECT_EQ(features[1].harmonic.rows(), 6);
  EXPECT_EQ(features[1].harmonic.columns(), 252);
}

}  // namespace
}  // namespace segue::audio
