#pragma once

#include "cuda/core/kernel.hpp"
#include "segue/audio/dropout_hash.hpp"

namespace segue::cuda::layers {

__device__ inline float elu_of(float x) {
  return x > 0 ? x : expm1f(x);
}
/// By its result: the derivative eˣ is y + 1.
__device__ inline float elu_slope(float y) {
  return fminf(y, 0.0f) + 1;
}

struct Elu {
  const float* x;
  float* y;
  __device__ void operator()(std::int64_t i) const { y[i] = elu_of(x[i]); }
};

struct EluBackward {
  const float *y, *dy;
  float* dx;
  __device__ void operator()(std::int64_t i) const { dx[i] = dy[i] * elu_slope(y[i]); }
};

struct Sigmoid {
  const float* x;
  float* y;
  __device__ void operator()(std::int64_t i) const { y[i] = 1 / (1 + expf(-x[i])); }
};

struct SigmoidBackward {
  const float *y, *dy;
  float* dx;
  __device__ void operator()(std::int64_t i) const { dx[i] = dy[i] * y[i] * (1 - y[i]); }
};

struct Dropout {
  const float* x;
  std::uint64_t seed;
  std::uint32_t threshold;
  float scale;
  float* y;
  __device__ void operator()(std::int64_t i) const {
    const auto index = static_cast<std::uint64_t>(i);
    const std::uint32_t hash =
        audio::dropout_hash(audio::dropout_key(seed, index >> 32), static_cast<std::uint32_t>(index));
    y[i] = hash >= threshold ? x[i] * scale : 0.0f;
  }
};

struct ChannelDropout {
  const float* x;
  std::uint64_t seed;
  std::uint32_t threshold;
  float scale;
  std::int64_t plane_size;
  float* y;
  __device__ void operator()(std::int64_t plane, std::int64_t i) const {
    const bool kept = audio::dropout_hash(audio::dropout_key(seed, 0), static_cast<std::uint32_t>(plane)) >= threshold;
    y[plane * plane_size + i] = kept ? x[plane * plane_size + i] * scale : 0.0f;
  }
};

/// b is added to each of `a`'s items, or item by item where b_step is the size of one.
struct Add {
  const float *a, *b;
  std::int64_t item_size, b_step;
  float* y;
  __device__ void operator()(std::int64_t item, std::int64_t i) const {
    y[item * item_size + i] = a[item * item_size + i] + b[item * b_step + i];
  }
};

struct SumOverBatch {
  const float* x;
  std::int64_t items, item_size;
  float* y;
  __device__ void operator()(std::int64_t i) const {
    float sum = 0;
    for (std::int64_t n = 0; n < items; ++n)
      sum += x[n * item_size + i];
    y[i] = sum;
  }
};

struct Accumulate {
  float* a;
  const float* b;
  __device__ void operator()(std::int64_t i) const { a[i] += b[i]; }
};

struct ToHalf {
  const float* x;
  __half* y;
  __device__ void operator()(std::int64_t i) const { y[i] = __float2half(x[i]); }
};

__device__ inline float to_float(float x) {
  return x;
}
__device__ inline float to_float(__half x) {
  return __half2float(x);
}

/// What cuDNN leaves out: bias (none: null) and activation.
template <class T>
struct BiasActivation {
  const T* x;
  const float* bias;
  bool elu;
  std::int64_t channels, plane_size;
  float* y;
  __device__ void operator()(std::int64_t plane, std::int64_t i) const {
    const float value = to_float(x[plane * plane_size + i]) + (bias != nullptr ? bias[plane % channels] : 0.0f);
    y[plane * plane_size + i] = elu ? elu_of(value) : value;
  }
};

struct AdamW {
  float* parameter;
  const float* gradient;
  float *first_moment, *second_moment;
  float beta1, beta2, epsilon, gradient_scale;
  float rate, decay, to_deviation;  ///< with the corrections for moments that began at 0
  __device__ void operator()(std::int64_t i) const {
    const float g = gradient[i] * gradient_scale;
    const float m = first_moment[i] = beta1 * first_moment[i] + (1 - beta1) * g;
    const float v = second_moment[i] = beta2 * second_moment[i] + (1 - beta2) * g * g;
    parameter[i] = decay * parameter[i] - rate * m / (sqrtf(v) * to_deviation + epsilon);
  }
};

}  // namespace segue::cuda::layers
