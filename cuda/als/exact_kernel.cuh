// Rows by their normal equations in double, formed and factored: the reference beside CG, for training at small ranks
// and for fold-in. For row x with d = alpha·|r|, p = [r > 0],
//     (YᵀY + λI + Σᵢ dᵢyᵢyᵢᵀ) x = Σᵢ (1 + dᵢ)pᵢyᵢ        Hu, Koren & Volinsky (2008), eq. 4
// A block solves a row at a time with its matrix in global memory, which at small ranks means in L2: ranks to 1024 need
// 8 MB of it, no shared memory would do. Interactions come in batches of staged vectors, so that the matrix passes once
// a batch. FLOPs of a row: rank²·(interactions + rank/3).
#pragma once

#include <cmath>

#include "cuda/core/kernel.hpp"

namespace segue::cuda {

inline constexpr int kExactThreads = 256;
inline constexpr int kFactorThreads = 512;

/// A = UᵀU in place by one block: reads and writes the upper triangle of A [n × n], rows `stride` apart. A pivot below
/// relative_floor times the largest diagonal element is lifted to it. The block meets before and after.
__device__ inline void cholesky_in_place(double* a, int n, int stride, double relative_floor) {
  const int thread = static_cast<int>(threadIdx.x), threads = static_cast<int>(blockDim.x);
  const int warp = thread / kWarpSize, lane = thread % kWarpSize, warps = threads / kWarpSize;
  __syncthreads();
  double largest = 0;
  for (int k = 0; k < n; ++k)
    largest = fmax(largest, a[k * stride + k]);
  const double floor = largest > 0 ? largest * relative_floor : 1.0;
  for (int k = 0; k < n; ++k) {
    double* const row = a + k * stride;
    const double root = sqrt(fmax(row[k], floor));
    __syncthreads();  // all have read what the next line overwrites
    for (int j = k + thread; j < n; j += threads)
      row[j] = j == k ? root : row[j] / root;
    __syncthreads();
    for (int i = k + 1 + warp; i < n; i += warps)
      for (int j = i + lane; j < n; j += kWarpSize)
        a[i * stride + j] -= row[i] * row[j];
    __syncthreads();
  }
}

/// b becomes A⁻¹b, b in shared memory, A factored as above. The block meets before and after.
__device__ inline void cholesky_solve(const double* u, int n, int stride, double* b) {
  const int thread = static_cast<int>(threadIdx.x), threads = static_cast<int>(blockDim.x);
  // Element k is not written in the step that all read it in: it is divided when used, and once more at the end.
  for (int k = 0; k < n; ++k) {
    __syncthreads();
    const double element = b[k] / u[k * stride + k];
    for (int j = k + 1 + thread; j < n; j += threads)
      b[j] -= element * u[k * stride + j];
  }
  __syncthreads();
  for (int k = thread; k < n; k += threads)
    b[k] /= u[k * stride + k];
  for (int k = n; k-- > 0;) {
    __syncthreads();
    const double element = b[k] / u[k * stride + k];
    for (int i = thread; i < k; i += threads)
      b[i] -= element * u[i * stride + k];
  }
  __syncthreads();
  for (int k = thread; k < n; k += threads)
    b[k] /= u[k * stride + k];
  __syncthreads();
}

struct ExactRows {
  std::int64_t rows, columns;
  const std::int64_t* offsets;  // [rows + 1]; indices and values begin at offsets[0]
  const std::int32_t* indices;
  const float* values;  // nullptr: each r is 1
  float* target;        // [rows × stride]
  const float* source;  // [columns × stride]
  const double* gram;   // [stride × stride] YᵀY, upper triangle
  int rank, stride;     // stride: the padded rank
  int batch;            // interactions that are staged together
  double alpha, regularization, exponent, pivot_floor;
};

struct ExactShared {
  float* vectors;      // [batch × stride]
  double* b;           // [stride]
  double* weight;      // [batch] d
  double* preference;  // [batch] (1 + d)p
  std::size_t bytes;

  __host__ __device__ static ExactShared carve(void* base, int batch, int stride) {
    SharedCarver carver(base);
    ExactShared shared;
    shared.vectors = carver.take<float>(static_cast<std::size_t>(batch) * static_cast<std::size_t>(stride));
    shared.b = carver.take<double>(static_cast<std::size_t>(stride));
    shared.weight = carver.take<double>(static_cast<std::size_t>(batch));
    shared.preference = carver.take<double>(static_cast<std::size_t>(batch));
    shared.bytes = carver.bytes();
    return shared;
  }
};

// A and b of a row, in a and shared.b.
__device__ inline void form_equations(const ExactRows& problem, std::int64_t row, double* a,
                                      const ExactShared& shared) {
  const int thread = static_cast<int>(threadIdx.x), threads = static_cast<int>(blockDim.x);
  const int warp = thread / kWarpSize, lane = thread % kWarpSize, warps = threads / kWarpSize;
  const int n = problem.rank, stride = problem.stride;
  const std::int64_t base = problem.offsets[0], begin = problem.offsets[row] - base,
                     end = problem.offsets[row + 1] - base;
  const double size = static_cast<double>(end - begin) + static_cast<double>(problem.columns) / problem.alpha;
  const double lambda =
      problem.exponent == 0 ? problem.regularization : problem.regularization * pow(size, problem.exponent);
  for (int i = warp; i < n; i += warps)
    for (int j = i + lane; j < n; j += kWarpSize)
      a[i * stride + j] = problem.gram[i * stride + j] + (i == j ? lambda : 0.0);
  for (int k = thread; k < n; k += threads)
    shared.b[k] = 0;
  for (std::int64_t first = begin; first < end; first += problem.batch) {
    const int count = static_cast<int>(min(std::int64_t{problem.batch}, end - first));
    __syncthreads();  // the batch before has been used
    for (int i = warp; i < count; i += warps) {
      const float* const vector = problem.source + std::int64_t{problem.indices[first + i]} * stride;
      for (int k = lane; k < stride; k += kWarpSize)
        shared.vectors[i * stride + k] = vector[k];
    }
    for (int i = thread; i < count; i += threads) {
      const double strength = problem.values == nullptr ? 1.0 : static_cast<double>(problem.values[first + i]);
      shared.weight[i] = problem.alpha * fabs(strength);
      shared.preference[i] = strength > 0 ? 1 + problem.alpha * strength : 0.0;
    }
    __syncthreads();
    for (int k = thread; k < n; k += threads) {
      double sum = shared.b[k];
      for (int i = 0; i < count; ++i)
        sum += shared.preference[i] * static_cast<double>(shared.vectors[i * stride + k]);
      shared.b[k] = sum;
    }
    for (int i = warp; i < n; i += warps)
      for (int j = i + lane; j < n; j += kWarpSize) {
        double sum = a[i * stride + j];
        for (int v = 0; v < count; ++v)
          sum += shared.weight[v] * static_cast<double>(shared.vectors[v * stride + i]) *
                 static_cast<double>(shared.vectors[v * stride + j]);
        a[i * stride + j] = sum;
      }
  }
}

// target rows = A⁻¹b; rows without interactions are not touched.
// @param matrices  [blocks × stride × stride]
__global__ void solve_rows_exact_kernel(ExactRows problem, double* matrices) {
  SEGUE_DYNAMIC_SHARED(unsigned char, memory);
  const ExactShared shared = ExactShared::carve(memory, problem.batch, problem.stride);
  double* const a = matrices + std::int64_t{blockIdx.x} * problem.stride * problem.stride;
  for (std::int64_t row = blockIdx.x; row < problem.rows; row += gridDim.x) {
    if (problem.offsets[row] == problem.offsets[row + 1])
      continue;
    form_equations(problem, row, a, shared);
    cholesky_in_place(a, problem.rank, problem.stride, problem.pivot_floor);
    cholesky_solve(a, problem.rank, problem.stride, shared.b);
    for (int k = static_cast<int>(threadIdx.x); k < problem.rank; k += static_cast<int>(blockDim.x))
      problem.target[row * problem.stride + k] = static_cast<float>(shared.b[k]);
    __syncthreads();
  }
}

// U of YᵀY + λI = UᵀU in float, zeros below the diagonal; by one block. gram's upper triangle is overwritten.
__global__ void __launch_bounds__(kFactorThreads)
    factor_gram(double* gram, int columns, double lambda, double pivot_floor, float* upper) {
  for (int k = static_cast<int>(threadIdx.x); k < columns; k += static_cast<int>(blockDim.x))
    gram[k * columns + k] += lambda;
  cholesky_in_place(gram, columns, columns, pivot_floor);
  for (int i = static_cast<int>(threadIdx.x); i < columns * columns; i += static_cast<int>(blockDim.x))
    upper[i] = i % columns >= i / columns ? static_cast<float>(gram[i]) : 0.0f;
}

}  // namespace segue::cuda
