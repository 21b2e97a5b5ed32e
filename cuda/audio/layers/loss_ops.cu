#include "cuda/audio/layers/layer_ops.hpp"
#include "cuda/audio/layers/loss_kernel.cuh"
#include "cuda/audio/layers/map.cuh"

namespace segue::cuda {

double CudaLayerOps::cross_entropy(const Tensor& logits, const Tensor& targets, const Tensor& row_weight,
                                   Tensor& gradient) {
  const std::int64_t classes = logits.shape.size() / logits.shape.n;
  gradient = make(logits.shape);
  DeviceBuffer<double> losses(logits.shape.n, context_.stream());
  launch_rows(
      context_, logits.shape.n, classes,
      layers::CrossEntropy{data(logits), data(targets), data(row_weight), classes, data(gradient), losses.data()});
  return sum_of(losses);
}

double CudaLayerOps::binary_cross_entropy(const Tensor& logits, const Tensor& targets,
                                          std::span<const float> positive_weight, const Tensor& row_weight,
                                          Tensor& gradient) {
  const auto [n, c, h, w] = logits.shape;
  gradient = make(logits.shape);
  const DeviceBuffer<float> positive(positive_weight, context_.stream());
  DeviceBuffer<double> losses(n * c, context_.stream());
  launch_rows(context_, n * c, h * w,
              layers::BinaryCrossEntropy{data(logits), data(targets), positive.data(), data(row_weight), c, h * w,
                                         data(gradient), losses.data()});
  return sum_of(losses);
}

}  // namespace segue::cuda
