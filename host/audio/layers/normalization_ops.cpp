#include <cmath>

#include "host/audio/layers/layer_kernels.hpp"
#include "host/audio/layers/layer_ops_cpu.hpp"
#include "host/audio/layers/parallel_planes.hpp"

// A task is a channel: its planes are still in cache when the pass after the sums comes to them.
// Bytes: floor 2 × the tensor forward, 3 × backward; with ELU and pooling by f in the same pass (1 + 1/f) × forward and
// (2 + 2/f) × backward.
namespace segue::audio {
namespace {

constexpr double kEpsilon = 1e-5;

Shape per_channel(const Tensor& x) {
  return {1, x.shape.c, 1, 1};
}

std::int64_t plane_size(const Tensor& x) {
  return x.shape.h * x.shape.w;
}

/// plane(n, offset) for each item of the batch: where channel c's plane begins.
template <class Body>
void for_planes_of(const Tensor& x, std::int64_t c, Body body) {
  for (std::int64_t n = 0; n < x.shape.n; ++n)
    body(n, (n * x.shape.c + c) * plane_size(x));
}

template <class Body>
void for_channels(const Tensor& x, Body body) {
  for_rows(x.shape.c, x.shape.n * plane_size(x), body);
}

/// Moments of two sets of `count` and `more_count` values, together (Chan, Golub & LeVeque 1979).
kernels::Moments together(const kernels::Moments& a, double count, const kernels::Moments& b, double more_count) {
  const double apart = b.mean - a.mean, total = count + more_count;
  return {a.mean + apart * more_count / total, a.squares + b.squares + apart * apart * count * more_count / total};
}

struct NormTensors {
  const Tensor &x, &scale, &shift;
  Tensor &running_mean, &running_variance;
  float momentum;
};

struct Line {
  float scale, shift;
};

/// y = scale·x + shift normalizes channel c. The state and the running moments are written on the way.
Line normalize(const NormTensors& t, std::int64_t c, const BatchNormState& state) {
  const double plane = static_cast<double>(plane_size(t.x)), count = static_cast<double>(t.x.shape.n) * plane;
  kernels::Moments all;
  for_planes_of(t.x, c, [&](std::int64_t n, std::int64_t offset) {
    const kernels::Moments one = kernels::moments(data(t.x) + offset, plane_size(t.x));
    all = n == 0 ? one : together(all, static_cast<double>(n) * plane, one, plane);
  });
  const float mean = static_cast<float>(all.mean), unbiased = static_cast<float>(all.squares / (count - 1));
  const double inverse = 1 / std::sqrt(all.squares / count + kEpsilon);
  data(state.mean)[c] = mean;
  data(state.inverse_deviation)[c] = static_cast<float>(inverse);
  data(t.running_mean)[c] += t.momentum * (mean - data(t.running_mean)[c]);
  data(t.running_variance)[c] += t.momentum * (unbiased - data(t.running_variance)[c]);
  const double factor = static_cast<double>(data(t.scale)[c]) * inverse;
  return {static_cast<float>(factor), static_cast<float>(static_cast<double>(data(t.shift)[c]) - all.mean * factor)};
}

/// The same line again, for the backward to find the maxima where the forward found them.
Line normalizing_line(const Tensor& scale, const Tensor& shift, const BatchNormState& state, std::int64_t c) {
  const double factor = static_cast<double>(data(scale)[c]) * static_cast<double>(data(state.inverse_deviation)[c]);
  return {static_cast<float>(factor),
          static_cast<float>(static_cast<double>(data(shift)[c]) - static_cast<double>(data(state.mean)[c]) * factor)};
}

/// With x̂ = (x − μ)/σ and N values a channel:  dx = scale/σ·(dy − Σdy/N − x̂·Σ(dy·x̂)/N) = by_dy·dy + by_x·x + constant.
kernels::InputGradient finish(const Tensor& x, const Tensor& scale, const BatchNormState& state, std::int64_t c,
                              const kernels::BatchNormSums& sums, BatchNormGradients& gradients) {
  const double count = static_cast<double>(x.shape.n * plane_size(x));
  const double mean = static_cast<double>(data(state.mean)[c]);
  const double inverse = static_cast<double>(data(state.inverse_deviation)[c]);
  data(gradients.scale)[c] = static_cast<float>(sums.dy_x * inverse);
  data(gradients.shift)[c] = static_cast<float>(sums.dy);
  const double by_dy = static_cast<double>(data(scale)[c]) * inverse;
  const double by_x = -by_dy * inverse * inverse * sums.dy_x / count;
  return {static_cast<float>(by_dy), static_cast<float>(by_x),
          static_cast<float>(-by_dy * sums.dy / count - by_x * mean)};
}

}  // namespace

Tensor CpuLayerOps::batch_norm(const Tensor& x, const Tensor& scale, const Tensor& shift, Tensor& running_mean,
                               Tensor& running_variance, float momentum, BatchNormState& state) {
  const NormTensors tensors{x, scale, shift, running_mean, running_variance, momentum};
  state = {make(per_channel(x)), make(per_channel(x))};
  Tensor y = make(x.shape);
  for_channels(x, [&](std::int64_t c) {
    const Line line = normalize(tensors, c, state);
    for_planes_of(x, c, [&](std::int64_t, std::int64_t offset) {
      kernels::affine(data(x) + offset, line.scale, line.shift, data(y) + offset, plane_size(x));
    });
  });
  return y;
}

BatchNormGradients CpuLayerOps::batch_norm_backward(const Tensor& x, const Tensor& scale, const BatchNormState& state,
                                                    const Tensor& dy) {
  BatchNormGradients gradients{make(x.shape), make(per_channel(x)), make(per_channel(x))};
  for_channels(x, [&](std::int64_t c) {
    kernels::BatchNormSums sums;
    for_planes_of(x, c, [&](std::int64_t, std::int64_t offset) {
      sums += kernels::batch_norm_sums(data(x) + offset, data(dy) + offset, data(state.mean)[c], plane_size(x));
    });
    const kernels::InputGradient line = finish(x, scale, state, c, sums, gradients);
    for_planes_of(x, c, [&](std::int64_t, std::int64_t offset) {
      kernels::input_gradient(data(dy) + offset, data(x) + offset, line, data(gradients.input) + offset, plane_size(x));
    });
  });
  return gradients;
}

Tensor CpuLayerOps::batch_norm_elu_pool(const Tensor& x, const Tensor& scale, const Tensor& shift, Tensor& running_mean,
                                        Tensor& running_variance, float momentum, int factor, BatchNormState& state) {
  const NormTensors tensors{x, scale, shift, running_mean, running_variance, momentum};
  state = {make(per_channel(x)), make(per_channel(x))};
  Tensor y = make({x.shape.n, x.shape.c, x.shape.h / factor, x.shape.w});
  for_channels(x, [&](std::int64_t c) {
    normalize(tensors, c, state);
    const Line line = normalizing_line(scale, shift, state, c);
    for_planes_of(x, c, [&](std::int64_t n, std::int64_t offset) {
      kernels::affine_elu_pool(data(x) + offset, line.scale, line.shift, {factor, y.shape.h, y.shape.w},
                               data(y) + (n * x.shape.c + c) * plane_size(y));
    });
  });
  return y;
}

BatchNormGradients CpuLayerOps::batch_norm_elu_pool_backward(const Tensor& x, const Tensor& y, const Tensor& scale,
                                                             const Tensor& shift, const BatchNormState& state,
                                                             const Tensor& dy, int factor) {
  BatchNormGradients gradients{make(x.shape), make(per_channel(x)), make(per_channel(x))};
  const kernels::Pooling pooling{factor, y.shape.h, y.shape.w};
  const std::int64_t pooled = pooling.factor * plane_size(y);
  for_channels(x, [&](std::int64_t c) {
    const Line line = normalizing_line(scale, shift, state, c);
    const auto planes = [&](std::int64_t n, std::int64_t offset) {
      const std::int64_t out = (n * x.shape.c + c) * plane_size(y);
      return kernels::PooledPlanes{data(x) + offset, data(y) + out, data(dy) + out, line.scale, line.shift};
    };
    kernels::BatchNormSums sums;
    for_planes_of(x, c, [&](std::int64_t n, std::int64_t offset) {
      sums += kernels::pooled_sums(planes(n, offset), data(state.mean)[c], pooling);
    });
    const kernels::InputGradient gradient = finish(x, scale, state, c, sums, gradients);
    for_planes_of(x, c, [&](std::int64_t n, std::int64_t offset) {
      float* dx = data(gradients.input) + offset;
      kernels::pooled_input_gradient(planes(n, offset), gradient, pooling, dx);
      kernels::affine(data(x) + offset + pooled, gradient.by_x, gradient.constant, dx + pooled, plane_size(x) - pooled);
    });
  });
  return gradients;
}

Tensor CpuLayerOps::scale_shift(const Tensor& x, const Tensor& scale, const Tensor& shift) {
  const std::int64_t plane = plane_size(x), channels = x.shape.c;
  Tensor y = make(x.shape);
  for_planes(x.shape, [&](std::int64_t i) {
    kernels::affine(data(x) + i * plane, data(scale)[i % channels], data(shift)[i % channels], data(y) + i * plane,
                    plane);
  });
  return y;
}

}  // namespace segue::audio
