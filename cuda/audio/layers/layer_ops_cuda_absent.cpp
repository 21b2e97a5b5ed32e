#include "cuda/audio/layers/layer_ops_cuda.hpp"
#include "cuda/core/device_query.hpp"
#include "segue/core/device.hpp"
#include "segue/core/error.hpp"

namespace segue::cuda {

std::unique_ptr<audio::LayerOps> make_layer_ops(int device, audio::Precision) {
  throw DeviceUnavailable("device " + Device{Device::Kind::cuda, device}.to_string() + ": " + query_devices().problem +
                          "; use --device cpu");
}

}  // namespace segue::cuda
