#pragma once

#include "cuda/audio/layers/norm_kernel.cuh"

namespace segue::cuda::layers {

struct MaxPool {
  const float* x;
  Pooling pooling;
  float* y;
  __device__ void operator()(std::int64_t plane, std::int64_t i) const {
    const float* column = x + plane * pooling.plane_size + pooling.first(i);
    float largest = column[0];
    for (int k = 1; k < pooling.factor; ++k)
      largest = fmaxf(largest, column[k * pooling.width]);
    y[plane * pooling.size() + i] = largest;
  }
};

/// dy goes to the first of the largest; the others get 0.
struct MaxPoolBackward {
  const float *x, *y, *dy;
  Pooling pooling;
  float* dx;
  __device__ void operator()(std::int64_t plane, std::int64_t i) const {
    const std::int64_t first = plane * pooling.plane_size + pooling.first(i), out = plane * pooling.size() + i;
    float left = dy[out];
    for (int k = 0; k < pooling.factor; ++k) {
      const std::int64_t at = first + k * pooling.width;
      const bool here = x[at] == y[out];
      dx[at] = here ? left : 0.0f;
      left = here ? 0.0f : left;
    }
  }
};

/// `size` values from each item of one tensor to each of another.
struct CopyItems {
  const float* from;
  std::int64_t from_step;
  float* to;
  std::int64_t to_step;
  __device__ void operator()(std::int64_t item, std::int64_t i) const {
    to[item * to_step + i] = from[item * from_step + i];
  }
};

struct CircularPad {
  const float* x;
  std::int64_t size, padded;
  float* y;
  __device__ void operator()(std::int64_t plane, std::int64_t i) const {
    y[plane * padded + i] = x[plane * size + (i < size ? i : i - size)];
  }
};

struct CircularPadBackward {
  const float* dy;
  std::int64_t size, padded;
  float* dx;
  __device__ void operator()(std::int64_t plane, std::int64_t i) const {
    const float* row = dy + plane * padded;
    dx[plane * size + i] = row[i] + (size + i < padded ? row[size + i] : 0.0f);
  }
};

/// y[row] = Σ x over a row / divisor
struct RowMean {
  const float* x;
  std::int64_t size;
  double divisor;
  float* y;
  __device__ void operator()(std::int64_t row) const {
    const double sum = block_sum(size, [&](std::int64_t i) { return x[row * size + i]; });
    if (threadIdx.x == 0)
      y[row] = static_cast<float>(sum / divisor);
  }
};

struct SpreadMean {
  const float* dy;
  std::int64_t size;
  float* dx;
  __device__ void operator()(std::int64_t row, std::int64_t i) const {
    dx[row * size + i] = dy[row] / static_cast<float>(size);
  }
};

/// Sum over the batch of what each of its items' channels came to.
struct SumOfChannels {
  const float* sums;
  std::int64_t items, channels;
  float* y;
  __device__ void operator()(std::int64_t c) const {
    double total = 0;
    for (std::int64_t n = 0; n < items; ++n)
      total += static_cast<double>(sums[n * channels + c]);
    y[c] = static_cast<float>(total);
  }
};

}  // namespace segue::cuda::layers
