#pragma once

#include <vector>

#include "host/audio/signal/real_fft.hpp"
#include "host/audio/signal/spectrum_kernel.hpp"
#include "segue/audio/spectrogram.hpp"

namespace segue::audio_signal {

/// 0.5 − 0.5·cos(2πt/n)
AlignedVector<float> hann_window(int n_fft);

class CpuSpectrogram : public audio::Spectrogram {
 public:
  CpuSpectrogram(const audio::SpectrogramOptions& options, const audio::Filterbank& filterbank);

  const audio::SpectrogramOptions& options() const override { return options_; }
  std::int64_t filters() const override { return filters_; }

 private:
  void compute_checked(std::span<const std::span<const float>> clips, std::span<const MatrixView<float>> out) override;
  void compute_frame(std::span<const float> clip, std::int64_t begin, SpectrumScratch& scratch,
                     std::span<float> row) const;

  audio::SpectrogramOptions options_;
  PackedFilterbank filterbank_;
  std::int64_t filters_;
  AlignedVector<float> window_;
  RealFft fft_;
};

}  // namespace segue::audio_signal
