#include "cuda/audio/spectrogram.hpp"
#include "cuda/core/device_query.hpp"
#include "segue/core/device.hpp"
#include "segue/core/error.hpp"

namespace segue::cuda {

std::unique_ptr<SpectrogramEngine> make_spectrogram_engine(int device, std::span<const SpectrogramSetup>) {
  throw DeviceUnavailable("device " + Device{Device::Kind::cuda, device}.to_string() + ": " + query_devices().problem +
                          "; use --device cpu");
}

}  // namespace segue::cuda
