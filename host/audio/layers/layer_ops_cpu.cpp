#include "host/audio/layers/layer_ops_cpu.hpp"

#include <algorithm>

namespace segue::audio {

CpuLayerOps::CpuLayerOps() : pool_(std::make_shared<BufferPool>()) {}

Tensor CpuLayerOps::make(Shape shape) {
  return {shape, std::make_shared<CpuStorage>(pool_, shape.size())};
}

Tensor CpuLayerOps::zeros(Shape shape) {
  Tensor y = make(shape);
  std::fill_n(data(y), shape.size(), 0.0f);
  return y;
}

Tensor CpuLayerOps::upload(Shape shape, std::span<const float> values) {
  Tensor y = make(shape);
  std::ranges::copy(values, data(y));
  return y;
}

void CpuLayerOps::download(const Tensor& tensor, std::span<float> values) {
  std::copy_n(data(tensor), tensor.shape.size(), values.begin());
}

}  // namespace segue::audio
