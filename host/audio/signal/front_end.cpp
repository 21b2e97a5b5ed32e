#include <array>

#include "host/audio/signal/spectrogram_setup.hpp"
#include "segue/audio/network.hpp"

namespace segue::audio {

/// On the CPU a spectrogram after the other, on a GPU both from one copy of the samples.
struct FrontEnd::Parts {
  FrontEndOptions options;
  Filterbank mel_bank, harmonic_bank;
  std::unique_ptr<Spectrogram> mel, harmonic;
  std::unique_ptr<cuda::SpectrogramEngine> both;
};

FrontEnd::FrontEnd(Device device, const FrontEndOptions& options) : parts_(std::make_unique<Parts>()) {
  Parts& parts = *parts_;
  parts.options = options;
  parts.mel_bank = mel_filterbank(options.mel_bands, options.sample_rate, options.mel.n_fft);
  parts.harmonic_bank = log_frequency_filterbank(options.harmonic_bands, options.sample_rate, options.harmonic.n_fft);
  device = resolve(device).device;
  if (device.kind == Device::Kind::cuda) {
    const std::array setups = {audio_signal::gpu_setup(options.mel, parts.mel_bank),
                               audio_signal::gpu_setup(options.harmonic, parts.harmonic_bank)};
    parts.both = cuda::make_spectrogram_engine(device.index, setups);
  } else {
    parts.mel = make_spectrogram(device, options.mel, parts.mel_bank);
    parts.harmonic = make_spectrogram(device, options.harmonic, parts.harmonic_bank);
  }
}

FrontEnd::~FrontEnd() = default;

std::vector<Features> FrontEnd::compute(std::span<const std::span<const float>> clips) {
  std::vector<Features> result(clips.size());
  std::vector<MatrixView<float>> mel, harmonic;
  for (std::size_t i = 0; i < clips.size(); ++i) {
    const auto samples = static_cast<std::int64_t>(clips[i].size());
    result[i].mel = Matrix<float>(frame_count(parts_->options.mel, samples), parts_->mel_bank.filters());
    result[i].harmonic = Matrix<float>(frame_count(parts_->options.harmonic, samples), parts_->harmonic_bank.filters());
    mel.push_back(result[i].mel.view());
    harmonic.push_back(result[i].harmonic.view());
  }
  if (parts_->both) {
    const std::array<std::span<const MatrixView<float>>, 2> out = {mel, harmonic};
    parts_->both->compute(clips, out);
  } else {
    parts_->mel->compute(clips, mel);
    parts_->harmonic->compute(clips, harmonic);
  }
  return result;
}

}  // namespace segue::audio
