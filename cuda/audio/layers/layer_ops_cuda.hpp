#pragma once

#include <memory>

#include "segue/audio/layer_ops.hpp"

namespace segue::cuda {

/// The operations on a GPU, for shapes that have been checked (host/audio/layers/checked_layer_ops.hpp).
/// @throws DeviceUnavailable  no GPU, no driver, no cuDNN
std::unique_ptr<audio::LayerOps> make_layer_ops(int device, audio::Precision precision);

}  // namespace segue::cuda
