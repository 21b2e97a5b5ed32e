#include <fmt/format.h>

#include "host/audio/signal/spectrogram_cpu.hpp"
#include "host/audio/signal/spectrogram_setup.hpp"
#include "segue/core/error.hpp"

namespace segue::audio {
namespace {

class GpuSpectrogram : public Spectrogram {
 public:
  GpuSpectrogram(int device, const SpectrogramOptions& options, const Filterbank& filterbank)
      : options_(options), filters_(filterbank.filters() > 0 ? filterbank.filters() : options.n_fft / 2 + 1) {
    const cuda::SpectrogramSetup setup = audio_signal::gpu_setup(options, filterbank);
    engine_ = cuda::make_spectrogram_engine(device, {&setup, 1});
  }
  const SpectrogramOptions& options() const override { return options_; }
  std::int64_t filters() const override { return filters_; }

 private:
  void compute_checked(std::span<const std::span<const float>> clips, std::span<const MatrixView<float>> out) override {
    engine_->compute(clips, {&out, 1});
  }

  SpectrogramOptions options_;
  std::int64_t filters_;
  std::unique_ptr<cuda::SpectrogramEngine> engine_;
};

}  // namespace

void Spectrogram::compute(std::span<const std::span<const float>> clips, std::span<const MatrixView<float>> out) {
  if (clips.size() != out.size())
    throw InvalidArgument(
        fmt::format("spectrogram: {} clips and {} results, expected as many", clips.size(), out.size()));
  for (std::size_t i = 0; i < clips.size(); ++i)
    if (const std::int64_t rows = frames(static_cast<std::int64_t>(clips[i].size()));
        out[i].rows() != rows || out[i].columns() != filters())
      throw InvalidArgument(fmt::format("spectrogram: the result of clip {} is {} × {}, expected {} × {} ({} samples)",
                                        i, out[i].rows(), out[i].columns(), rows, filters(), clips[i].size()));
  compute_checked(clips, out);
}

std::unique_ptr<Spectrogram> make_spectrogram(Device device, const SpectrogramOptions& options, Filterbank filterbank) {
  audio_signal::check_setup(options, filterbank);
  device = resolve(device).device;
  if (device.kind == Device::Kind::cuda)
    return std::make_unique<GpuSpectrogram>(device.index, options, filterbank);
  return std::make_unique<audio_signal::CpuSpectrogram>(options, filterbank);
}

}  // namespace segue::audio
