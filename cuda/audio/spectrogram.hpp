// Spectrograms on a GPU, as host/audio/signal drives them: no CUDA header, and no check of arguments, which is done
// there for both devices.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "segue/audio/spectrogram.hpp"

namespace segue::cuda {

struct SpectrogramSetup {
  audio::SpectrogramOptions options;
  audio::Filterbank filterbank;
  std::vector<float> window;  ///< [n_fft]
};

/// Several spectrograms of the same clips, which are copied to the device once.
class SpectrogramEngine {
 public:
  virtual ~SpectrogramEngine() = default;
  /// @param out  by spectrogram, by clip: [frames × filters]
  virtual void compute(std::span<const std::span<const float>> clips,
                       std::span<const std::span<const MatrixView<float>>> out) = 0;
};

/// @throws DeviceUnavailable;  OutOfMemory  not even one frame at a time fits: both numbers
std::unique_ptr<SpectrogramEngine> make_spectrogram_engine(int device, std::span<const SpectrogramSetup> spectrograms);

}  // namespace segue::cuda
