#pragma once

#include <utility>

#include "cuda/core/context.hpp"
#include "cuda/core/device_buffer.hpp"
#include "segue/audio/layer_ops.hpp"

namespace segue::cuda {

class DeviceStorage final : public audio::TensorStorage {
 public:
  explicit DeviceStorage(DeviceBuffer<float> values) : values_(std::move(values)) {}
  float* data() { return values_.data(); }

 private:
  DeviceBuffer<float> values_;
};

/// On the device.
inline float* data(const audio::Tensor& tensor) {
  return static_cast<DeviceStorage&>(*tensor.storage).data();
}

}  // namespace segue::cuda
