#include <cmath>

#include "cuda/audio/layers/layer_ops.hpp"
#include "cuda/audio/layers/loss_kernel.cuh"
#include "cuda/audio/layers/map.cuh"
#include "cuda/audio/layers/pointwise_kernel.cuh"

namespace segue::cuda {

Tensor CudaLayerOps::elu(const Tensor& x) {
  Tensor y = make(x.shape);
  launch_values(context_, x.shape.size(), layers::Elu{data(x), data(y)});
  return y;
}

Tensor CudaLayerOps::elu_backward(const Tensor& y, const Tensor& dy) {
  Tensor dx = make(y.shape);
  launch_values(context_, y.shape.size(), layers::EluBackward{data(y), data(dy), data(dx)});
  return dx;
}

Tensor CudaLayerOps::sigmoid(const Tensor& x) {
  Tensor y = make(x.shape);
  launch_values(context_, x.shape.size(), layers::Sigmoid{data(x), data(y)});
  return y;
}

Tensor CudaLayerOps::sigmoid_backward(const Tensor& y, const Tensor& dy) {
  Tensor dx = make(y.shape);
  launch_values(context_, y.shape.size(), layers::SigmoidBackward{data(y), data(dy), data(dx)});
  return dx;
}

Tensor CudaLayerOps::dropout(const Tensor& x, float p, bool whole_channels, std::uint64_t seed) {
  const auto threshold = static_cast<std::uint32_t>(static_cast<double>(p) * 0x1p32);
  const float scale = 1 / (1 - p);
  Tensor y = make(x.shape);
  const std::int64_t plane = x.shape.h * x.shape.w;
  if (whole_channels)
    launch_planes(context_, x.shape.n * x.shape.c, plane,
                  layers::ChannelDropout{data(x), seed, threshold, scale, plane, data(y)});
  else
    launch_values(context_, x.shape.size(), layers::Dropout{data(x), seed, threshold, scale, data(y)});
  return y;
}

Tensor CudaLayerOps::add(const Tensor& a, const Tensor& b) {
  Tensor y = make(a.shape);
  const std::int64_t item = a.shape.size() / a.shape.n;
  launch_planes(context_, a.shape.n, item, layers::Add{data(a), data(b), item, b.shape.n == 1 ? 0 : item, data(y)});
  return y;
}

Tensor CudaLayerOps::sum_over_batch(const Tensor& dy) {
  Tensor sum = make({1, dy.shape.c, dy.shape.h, dy.shape.w});
  launch_values(context_, sum.shape.size(), layers::SumOverBatch{data(dy), dy.shape.n, sum.shape.size(), data(sum)});
  return sum;
}

void CudaLayerOps::accumulate(Tensor& a, const Tensor& b) {
  launch_values(context(), a.shape.size(), layers::Accumulate{data(a), data(b)});
}

double CudaLayerOps::squared_norm(const Tensor& x) {
  constexpr std::int64_t kStretch = 8192;
  DeviceBuffer<double> sums((x.shape.size() + kStretch - 1) / kStretch, context().stream());
  launch_rows(context_, sums.size(), kStretch, layers::SquaredNorm{data(x), x.shape.size(), kStretch, sums.data()});
  return sum_of(sums);
}

void CudaLayerOps::adamw(Tensor& parameter, const Tensor& gradient, Tensor& first_moment, Tensor& second_moment,
                         const AdamWOptions& o) {
  const auto step = static_cast<double>(o.step);
  const double correction1 = 1 - std::pow(static_cast<double>(o.beta1), step);
  const double correction2 = 1 - std::pow(static_cast<double>(o.beta2), step);
  layers::AdamW work{data(parameter), data(gradient), data(first_moment), data(second_moment),
                     o.beta1,         o.beta2,        o.epsilon,          o.gradient_scale};
  work.rate = static_cast<float>(static_cast<double>(o.learning_rate) / correction1);
  work.decay = 1 - o.learning_rate * o.weight_decay;
  work.to_deviation = static_cast<float>(1 / std::sqrt(correction2));
  launch_values(context(), parameter.shape.size(), work);
}

}  // namespace segue::cuda
