#pragma once

#include "cuda/audio/layers/block_reduce.cuh"

namespace segue::cuda::layers {

/// Of rows [items, channels, 1, size] to [items, 3·channels]: means, deviations, maxima.
struct Statistics {
  const float* x;
  std::int64_t channels, size;
  float* y;
  __device__ void operator()(std::int64_t row) const {
    const float* values = x + row * size;
    const auto [mean, squares] = block_moments(values, size);
    float largest = values[0];
    for (std::int64_t i = threadIdx.x; i < size; i += blockDim.x)
      largest = fmaxf(largest, values[i]);
    largest = block_reduce(largest, Larger{});
    if (threadIdx.x != 0)
      return;
    float* out = y + row / channels * 3 * channels + row % channels;
    out[0] = static_cast<float>(mean);
    out[channels] = static_cast<float>(sqrt(squares / static_cast<double>(size) + 1e-6));
    out[2 * channels] = largest;
  }
};

struct StatisticsBackward {
  const float *x, *y, *dy;
  std::int64_t channels, size;
  float* dx;
  __device__ void operator()(std::int64_t row) const {
    const float* values = x + row * size;
    const std::int64_t first = row / channels * 3 * channels + row % channels;
    const float mean = y[first], deviation = y[first + channels], largest = y[first + 2 * channels];
    std::int64_t where = size;
    for (std::int64_t i = threadIdx.x; i < size && where == size; i += blockDim.x)
      where = values[i] == largest ? i : size;
    where = block_reduce(where, Smaller{});
    const float by_mean = dy[first] / static_cast<float>(size);
    const float by_x = dy[first + channels] / (static_cast<float>(size) * deviation);
    for (std::int64_t i = threadIdx.x; i < size; i += blockDim.x)
      dx[row * size + i] = by_mean + by_x * (values[i] - mean) + (i == where ? dy[first + 2 * channels] : 0.0f);
  }
};

/// y = x − mean(x); may be in place.
struct Centre {
  const float* x;
  std::int64_t size;
  float* y;
  __device__ void operator()(std::int64_t row) const {
    const double mean = block_sum(size, [&](std::int64_t i) { return x[row * size + i]; }) / static_cast<double>(size);
    for (std::int64_t i = threadIdx.x; i < size; i += blockDim.x)
      y[row * size + i] = static_cast<float>(static_cast<double>(x[row * size + i]) - mean);
  }
};

/// r(l) = Σₜ a(t)·a(t + l), a thread a lag: a(t) is one address for a warp, a(t + l) is in L1.
struct Autocorrelate {
  const float* a;
  std::int64_t size, lags;
  float* r;
  __device__ void operator()(std::int64_t row, std::int64_t lag) const {
    const float* values = a + row * size;
    float sum = 0;
    for (std::int64_t t = 0; t + lag < size; ++t)
      sum = fmaf(values[t], values[t + lag], sum);
    r[row * lags + lag] = sum;
  }
};

/// A lag has size − l terms; what is left of a quarter or less is not blown up further.
__device__ inline double more_terms(std::int64_t size, std::int64_t lag) {
  return static_cast<double>(size) / fmax(static_cast<double>(size - lag), static_cast<double>(size) / 4);
}

constexpr double kEnergyFloor = 1e-6;

struct NormalizeLags {
  const float* r;
  std::int64_t size, lags;
  float* y;
  __device__ void operator()(std::int64_t row, std::int64_t lag) const {
    const double energy = static_cast<double>(r[row * lags]) + kEnergyFloor;
    y[row * lags + lag] = static_cast<float>(static_cast<double>(r[row * lags + lag]) / energy * more_terms(size, lag));
  }
};

/// With E = r(0) + 1e-6 and g(l) = dy(l)·more_terms(l)/E:  dr(l) = g(l),  dr(0) = g(0)·1e-6/E − Σ_{l>0} g(l)·r(l)/E.
struct LagGradients {
  const float *r, *dy;
  std::int64_t size, lags;
  float* dr;
  __device__ void operator()(std::int64_t row) const {
    const float* of_row = r + row * lags;
    const double energy = static_cast<double>(of_row[0]) + kEnergyFloor;
    double to_energy = 0;
    for (std::int64_t l = threadIdx.x; l < lags; l += blockDim.x) {
      const double g = static_cast<double>(dy[row * lags + l]) * more_terms(size, l) / energy;
      to_energy += l == 0 ? g * kEnergyFloor / energy : -g * static_cast<double>(of_row[l]) / energy;
      if (l > 0)
        dr[row * lags + l] = static_cast<float>(g);
    }
    to_energy = block_reduce(to_energy, Sum{});
    if (threadIdx.x == 0)
      dr[row * lags] = static_cast<float>(to_energy);
  }
};

/// da(t) = Σ_l dr(l)·(a(t + l) + a(t − l))
struct AutocorrelateBackward {
  const float *a, *dr;
  std::int64_t size, lags;
  float* da;
  __device__ void operator()(std::int64_t row, std::int64_t t) const {
    const float* values = a + row * size;
    float sum = 0;
    for (std::int64_t l = 0; l < lags; ++l) {
      const float later = t + l < size ? values[t + l] : 0.0f, earlier = t >= l ? values[t - l] : 0.0f;
      sum = fmaf(dr[row * lags + l], later + earlier, sum);
    }
    da[row * size + t] = sum;
  }
};

struct Sample {
  const float *x, *at;
  std::int64_t size, count;
  float* y;
  __device__ void operator()(std::int64_t row, std::int64_t k) const {
    float value = 0;
    if (at[k] >= 0) {
      const auto left = static_cast<std::int64_t>(at[k]);
      const float from_left = x[row * size + left], from_right = x[row * size + (left + 1 < size ? left + 1 : left)];
      value = fmaf(at[k] - static_cast<float>(left), from_right - from_left, from_left);
    }
    y[row * count + k] = value;
  }
};

/// Each value of a row gathers from the samples that it is in, in order.
struct SampleBackward {
  const float* dy;
  const std::int32_t *offsets, *samples;
  const float* weights;
  std::int64_t size, count;
  float* dx;
  __device__ void operator()(std::int64_t row, std::int64_t i) const {
    float sum = 0;
    for (std::int32_t k = offsets[i]; k < offsets[i + 1]; ++k)
      sum = fmaf(dy[row * count + samples[k]], weights[k], sum);
    dx[row * size + i] = sum;
  }
};

/// Softmax of a row by a block: its values are left in p before they are divided; returns what they add up to.
__device__ inline double exponentials(const float* logits, std::int64_t size, float* p) {
  float most = logits[0];
  for (std::int64_t i = threadIdx.x; i < size; i += blockDim.x)
    most = fmaxf(most, logits[i]);
  most = block_reduce(most, Larger{});
  for (std::int64_t i = threadIdx.x; i < size; i += blockDim.x)
    p[i] = expf(logits[i] - most);
  return block_sum(size, [&](std::int64_t i) { return p[i]; });  // each thread reads what it wrote
}

struct Softmax {
  const float* logits;
  std::int64_t size;
  float* p;
  __device__ void operator()(std::int64_t row) const {
    const auto scale = static_cast<float>(1 / exponentials(logits + row * size, size, p + row * size));
    for (std::int64_t i = threadIdx.x; i < size; i += blockDim.x)
      p[row * size + i] *= scale;
  }
};

/// y(n, c) = Σₜ p(n, t)·x(n, c, t)
struct Attend {
  const float *x, *p;
  std::int64_t channels, size;
  float* y;
  __device__ void operator()(std::int64_t row) const {
    const float* weights = p + row / channels * size;
    const double sum = block_sum(size, [&](std::int64_t i) { return weights[i] * x[row * size + i]; });
    if (threadIdx.x == 0)
      y[row] = static_cast<float>(sum);
  }
};

/// With q(t) = Σ_c dy(c)·x(c, t):  dx(c, t) = p(t)·dy(c),  dlogit(t) = p(t)·(q(t) − Σ p·q).
struct AttendBackward {
  const float *x, *p, *dy;
  std::int64_t channels, size;
  float *dx, *d_logits;
  __device__ void operator()(std::int64_t n) const {
    const float* weights = p + n * size;
    float* q = d_logits + n * size;
    for (std::int64_t t = threadIdx.x; t < size; t += blockDim.x) {
      float sum = 0;
      for (std::int64_t row = n * channels; row < (n + 1) * channels; ++row) {
        sum = fmaf(dy[row], x[row * size + t], sum);
        dx[row * size + t] = weights[t] * dy[row];
      }
      q[t] = sum;
    }
    const auto mean = static_cast<float>(block_sum(size, [&](std::int64_t t) { return weights[t] * q[t]; }));
    for (std::int64_t t = threadIdx.x; t < size; t += blockDim.x)
      q[t] = weights[t] * (q[t] - mean);
  }
};

}  // namespace segue::cuda::layers
