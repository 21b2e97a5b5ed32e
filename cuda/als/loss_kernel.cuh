// What the loss takes from the interactions, and Σ λ‖x‖². Each block adds what it found to its own sum, so that the
// total is the same each time; the host adds the blocks' sums.
#pragma once

#include <cmath>

#include "cuda/core/kernel.hpp"

namespace segue::cuda {

inline constexpr int kLossThreads = 256;

struct LossRows {
  std::int64_t rows;
  const std::int64_t* offsets;  // [rows + 1]; indices and values begin at offsets[0]
  const std::int32_t* indices;
  const float* values;   // nullptr: each r is 1
  const float* vectors;  // [rows × stride]
  const float* others;   // [columns × stride]
  int stride;
  double alpha;
};

/// The sum over the block, in the threads' order, added to *sum by its first thread.
__device__ inline void add_over_block(double value, double* sum) {
  SEGUE_SHARED(double, warps, [kLossThreads / kWarpSize]);
  for (int distance = kWarpSize / 2; distance > 0; distance /= 2)
    value += __shfl_down_sync(kFullWarp, value, static_cast<unsigned>(distance));
  if (threadIdx.x % kWarpSize == 0)
    warps[threadIdx.x / kWarpSize] = value;
  __syncthreads();
  if (threadIdx.x == 0) {
    double total = *sum;
    for (const double part : warps)
      total += part;
    *sum = total;
  }
}

/// The row of interaction i.
__device__ inline std::int64_t row_of(const std::int64_t* offsets, std::int64_t rows, std::int64_t i) {
  std::int64_t low = 0, high = rows;
  while (high - low > 1) {
    const std::int64_t middle = low + (high - low) / 2;
    if (offsets[middle] - offsets[0] <= i)
      low = middle;
    else
      high = middle;
  }
  return low;
}

// Σ c(p − x·y)² − (x·y)² over the interactions: a warp takes 32 of them, each lane its row and term, all lanes the
// dot products, four at a time. Bytes: floor nnz·(4·rank + 8), and x from the caches; FLOPs 2·nnz·rank.
__global__ void add_interaction_loss(LossRows problem, double* sums) {
  constexpr int kTogether = 4;
  const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
  const std::int64_t count = problem.offsets[problem.rows] - problem.offsets[0];
  const std::int64_t warps = std::int64_t{gridDim.x} * blockDim.x / kWarpSize;
  double total = 0;
  for (std::int64_t first = (std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x) / kWarpSize * kWarpSize;
       first < count; first += warps * kWarpSize) {
    const std::int64_t mine = min(first + lane, count - 1);
    const std::int64_t my_vector = row_of(problem.offsets, problem.rows, mine) * problem.stride;
    const std::int64_t my_other = std::int64_t{problem.indices[mine]} * problem.stride;
    const int interactions = static_cast<int>(min(std::int64_t{kWarpSize}, count - first));
    float predicted = 0;
    for (int group = 0; group < interactions; group += kTogether) {
      float dots[kTogether] = {};
      const float* x[kTogether];
      const float* y[kTogether];
#pragma unroll
      for (int i = 0; i < kTogether; ++i) {
        x[i] = problem.vectors + __shfl_sync(kFullWarp, my_vector, group + i);
        y[i] = problem.others + __shfl_sync(kFullWarp, my_other, group + i);
      }
      for (int k = lane; k < problem.stride; k += kWarpSize)
#pragma unroll
        for (int i = 0; i < kTogether; ++i)
          dots[i] += x[i][k] * y[i][k];
#pragma unroll
      for (int i = 0; i < kTogether; ++i) {
        for (int distance = kWarpSize / 2; distance > 0; distance /= 2)
          dots[i] += __shfl_xor_sync(kFullWarp, dots[i], distance);
        if (lane == group + i)
          predicted = dots[i];
      }
    }
    if (lane < interactions) {
      const double strength = problem.values == nullptr ? 1.0 : static_cast<double>(problem.values[mine]);
      const double score = static_cast<double>(predicted), error = (strength > 0 ? 1.0 : 0.0) - score;
      total += (1 + problem.alpha * fabs(strength)) * error * error - score * score;
    }
  }
  add_over_block(total, sums + blockIdx.x);
}

// Σ λ‖x‖² over the rows with interactions, λ by their number; a warp takes a row.
__global__ void add_penalty(LossRows problem, double regularization, double exponent, double offset, double* sums) {
  const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
  const std::int64_t warps = std::int64_t{gridDim.x} * blockDim.x / kWarpSize;
  double total = 0;
  for (std::int64_t row = (std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x) / kWarpSize; row < problem.rows;
       row += warps) {
    const std::int64_t size = problem.offsets[row + 1] - problem.offsets[row];
    if (size == 0)
      continue;
    const double lambda = regularization * pow(static_cast<double>(size) + offset, exponent);
    double square = 0;
    for (int k = lane; k < problem.stride; k += kWarpSize) {
      const double x = static_cast<double>(problem.vectors[row * problem.stride + k]);
      square += x * x;
    }
    total += lambda * square;
  }
  add_over_block(total, sums + blockIdx.x);
}

}  // namespace segue::cuda
