#include "cuda/audio/layers/layer_ops.hpp"
#include "cuda/audio/layers/map.cuh"
#include "cuda/audio/layers/norm_kernel.cuh"

namespace segue::cuda {
namespace {

std::int64_t plane_size(const Tensor& x) {
  return x.shape.h * x.shape.w;
}
std::int64_t planes_of(const Tensor& x) {
  return x.shape.n * x.shape.c;
}
layers::NormShape norm_shape(const Tensor& x) {
  return {x.shape.n, x.shape.c, plane_size(x)};
}
layers::NormState norm_state(const BatchNormState& state) {
  return {data(state.mean), data(state.inverse_deviation)};
}
layers::Pooling pooling_of(const Tensor& x, int factor) {
  return {factor, x.shape.h / factor, x.shape.w, plane_size(x)};
}

struct NormTensors {
  const Tensor &x, &scale, &shift;
  Tensor &running_mean, &running_variance;
  float momentum;
};

/// Each channel's line. The state and the running moments are written on the way.
DeviceBuffer<layers::Line> normalize(const CudaContext& context, const NormTensors& t, const BatchNormState& state) {
  DeviceBuffer<Moments> moments(planes_of(t.x), context.stream());
  DeviceBuffer<layers::Line> lines(t.x.shape.c, context.stream());
  launch_rows(context, planes_of(t.x), plane_size(t.x),
              layers::PlaneMoments{data(t.x), plane_size(t.x), moments.data()});
  launch_values(context, t.x.shape.c,
                layers::FinishNorm{norm_shape(t.x), moments.data(), data(t.scale), data(t.shift), t.momentum,
                                   data(t.running_mean), data(t.running_variance), norm_state(state), lines.data()});
  return lines;
}

/// Each channel's input gradient; those of scale and shift are written on the way.
DeviceBuffer<layers::InputGradient> finish(const CudaContext& context, const Tensor& x, const Tensor& scale,
                                           const BatchNormState& state, const DeviceBuffer<layers::NormSums>& sums,
                                           const BatchNormGradients& gradients) {
  DeviceBuffer<layers::InputGradient> lines(x.shape.c, context.stream());
  launch_values(context, x.shape.c,
                layers::FinishNormBackward{norm_shape(x), sums.data(), data(scale), norm_state(state),
                                           data(gradients.scale), data(gradients.shift), lines.data()});
  return lines;
}

}  // namespace

Tensor CudaLayerOps::batch_norm(const Tensor& x, const Tensor& scale, const Tensor& shift, Tensor& running_mean,
                                Tensor& running_variance, float momentum, BatchNormState& state) {
  state = {make({1, x.shape.c, 1, 1}), make({1, x.shape.c, 1, 1})};
  const auto lines = normalize(context(), {x, scale, shift, running_mean, running_variance, momentum}, state);
  Tensor y = make(x.shape);
  launch_planes(context_, planes_of(x), plane_size(x),
                layers::LineOfEachChannel{data(x), lines.data(), x.shape.c, plane_size(x), data(y)});
  return y;
}

BatchNormGradients CudaLayerOps::batch_norm_backward(const Tensor& x, const Tensor& scale, const BatchNormState& state,
                                                     const Tensor& dy) {
  BatchNormGradients gradients{make(x.shape), make(scale.shape), make(scale.shape)};
  DeviceBuffer<layers::NormSums> sums(planes_of(x), context().stream());
  launch_rows(context_, planes_of(x), plane_size(x),
              layers::PlaneNormSums{data(x), data(dy), data(state.mean), x.shape.c, plane_size(x), sums.data()});
  const auto lines = finish(context_, x, scale, state, sums, gradients);
  launch_planes(
      context_, planes_of(x), plane_size(x),
      layers::NormInputGradient{data(x), data(dy), lines.data(), x.shape.c, plane_size(x), data(gradients.input)});
  return gradients;
}

Tensor CudaLayerOps::batch_norm_elu_pool(const Tensor& x, const Tensor& scale, const Tensor& shift,
                                         Tensor& running_mean, Tensor& running_variance, float momentum, int factor,
                                         BatchNormState& state) {
  state = {make({1, x.shape.c, 1, 1}), make({1, x.shape.c, 1, 1})};
  const auto lines = normalize(context(), {x, scale, shift, running_mean, running_variance, momentum}, state);
  Tensor y = make({x.shape.n, x.shape.c, x.shape.h / factor, x.shape.w});
  launch_planes(context_, planes_of(x), plane_size(y),
                layers::EluPool{data(x), lines.data(), x.shape.c, pooling_of(x, factor), data(y)});
  return y;
}

BatchNormGradients CudaLayerOps::batch_norm_elu_pool_backward(const Tensor& x, const Tensor& y, const Tensor& scale,
                                                              const Tensor& shift, const BatchNormState& state,
                                                              const Tensor& dy, int factor) {
  BatchNormGradients gradients{make(x.shape), make(scale.shape), make(scale.shape)};
  const layers::Pooling pooling = pooling_of(x, factor);
  const layers::PooledPlanes planes{data(x),     data(y),           data(dy),  data(scale),
                                    data(shift), norm_state(state), x.shape.c, pooling};
  DeviceBuffer<layers::NormSums> sums(planes_of(x), context().stream());
  launch_rows(context_, planes_of(x), plane_size(y), layers::PooledNormSums{planes, sums.data()});
  const auto lines = finish(context_, x, scale, state, sums, gradients);
  launch_planes(context_, planes_of(x), plane_size(y),
                layers::PooledInputGradient{planes, lines.data(), data(gradients.input)});
  if (const std::int64_t rest = plane_size(x) - factor * plane_size(y); rest > 0)
    launch_planes(context_, planes_of(x), rest,
                  layers::RemainderInputGradient{data(x), lines.data(), x.shape.c, pooling, data(gradients.input)});
  return gradients;
}

Tensor CudaLayerOps::scale_shift(const Tensor& x, const Tensor& scale, const Tensor& shift) {
  context();
  Tensor y = make(x.shape);
  launch_planes(context_, planes_of(x), plane_size(x),
                layers::ScaleShift{data(x), data(scale), data(shift), x.shape.c, plane_size(x), data(y)});
  return y;
}

}  // namespace segue::cuda
