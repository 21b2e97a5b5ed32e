#pragma once

#include "cuda/core/kernel.hpp"

namespace segue::cuda {

/// `value` of all threads of a block together, always in the same order; the result in every thread. All threads call.
template <class T, class Combine>
__device__ T block_reduce(T value, Combine combine) {
  SEGUE_SHARED(T, partial, [kWarpSize]);
  for (int offset = kWarpSize / 2; offset > 0; offset /= 2)
    value = combine(value, __shfl_xor_sync(kFullWarp, value, offset));
  __syncthreads();  // nobody reads the last result any more
  if (threadIdx.x % kWarpSize == 0)
    partial[threadIdx.x / kWarpSize] = value;
  __syncthreads();
  value = partial[0];
  for (unsigned warp = 1; warp < blockDim.x / kWarpSize; ++warp)
    value = combine(value, partial[warp]);
  return value;
}

struct Sum {
  template <class T>
  __device__ T operator()(T a, T b) const {
    return a + b;
  }
};
struct Larger {
  __device__ float operator()(float a, float b) const { return fmaxf(a, b); }
};
struct Smaller {
  __device__ std::int64_t operator()(std::int64_t a, std::int64_t b) const { return a < b ? a : b; }
};

/// Σ term(i) for 0 ≤ i < size by a block: floats within a thread, doubles between them.
template <class Term>
__device__ double block_sum(std::int64_t size, Term term) {
  float sum = 0;
  for (std::int64_t i = threadIdx.x; i < size; i += blockDim.x)
    sum += term(i);
  return block_reduce(static_cast<double>(sum), Sum{});
}

struct Moments {
  double mean, squares;  ///< Σ(x − mean)²
};

/// Of `size` values by a block, in two passes: squares about the mean as a float, corrected for its rounding.
__device__ inline Moments block_moments(const float* values, std::int64_t size) {
  const double mean = block_sum(size, [&](std::int64_t i) { return values[i]; }) / static_cast<double>(size);
  const auto centre = static_cast<float>(mean);
  const double squares = block_sum(size, [&](std::int64_t i) { return (values[i] - centre) * (values[i] - centre); });
  const double off = mean - static_cast<double>(centre);
  return {mean, fmax(0.0, squares - off * off * static_cast<double>(size))};
}

}  // namespace segue::cuda
