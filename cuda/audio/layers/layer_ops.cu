#include "cuda/audio/layers/layer_ops.hpp"

#include <numeric>

#include "cuda/audio/layers/layer_ops_cuda.hpp"
#include "cuda/audio/layers/map.cuh"

namespace segue::cuda {

std::unique_ptr<audio::LayerOps> make_layer_ops(int device, audio::Precision precision) {
  return std::make_unique<CudaLayerOps>(device, precision);
}

CudaLayerOps::CudaLayerOps(int device, audio::Precision precision)
    : context_(device), precision_(precision), convolutions_(context_) {}

const CudaContext& CudaLayerOps::context() {
  context_.use();
  return context_;
}

Tensor CudaLayerOps::make(Shape shape) {
  return {shape, std::make_shared<DeviceStorage>(DeviceBuffer<float>(shape.size(), context().stream()))};
}

Tensor CudaLayerOps::zeros(Shape shape) {
  DeviceBuffer<float> values(shape.size(), context().stream());
  values.fill_bytes(0);
  return {shape, std::make_shared<DeviceStorage>(std::move(values))};
}

Tensor CudaLayerOps::upload(Shape shape, std::span<const float> values) {
  DeviceBuffer<float> copy(values, context().stream());
  context_.synchronize();  // the values are the caller's
  return {shape, std::make_shared<DeviceStorage>(std::move(copy))};
}

void CudaLayerOps::download(const Tensor& tensor, std::span<float> values) {
  SEGUE_CUDA_CHECK(
      cudaMemcpyAsync(values.data(), data(tensor), values.size_bytes(), cudaMemcpyDeviceToHost, context().stream()));
  context_.synchronize();
}

double CudaLayerOps::sum_of(const DeviceBuffer<double>& values) {
  std::vector<double> host(static_cast<std::size_t>(values.size()));
  values.copy_to(host);
  context_.synchronize();
  return std::accumulate(host.begin(), host.end(), 0.0);
}

}  // namespace segue::cuda
