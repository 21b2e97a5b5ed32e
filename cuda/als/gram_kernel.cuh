// What lies around cuBLAS's products of chunks: their sum in double, in the chunks' order, and what CG wants of it.
#pragma once

#include "cuda/core/kernel.hpp"

namespace segue::cuda {

// sums += Σ over chunks of products [chunks × size], one element a thread.
// Bytes: floor sizeof(T)·chunks·size: each chunk of 1024 rows costs as much as rank²/1024 of its rows.
template <class T>
__global__ void add_products(const T* products, int chunks, std::int64_t size, double* sums) {
  constexpr int kInFlight = 8;
  const std::int64_t element = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (element >= size)
    return;
  double sum = sums[element];
  int chunk = 0;
  for (; chunk + kInFlight <= chunks; chunk += kInFlight) {
    T part[kInFlight];
#pragma unroll
    for (int i = 0; i < kInFlight; ++i)
      part[i] = products[(chunk + i) * size + element];
#pragma unroll
    for (int i = 0; i < kInFlight; ++i)
      sum += static_cast<double>(part[i]);
  }
  for (; chunk < chunks; ++chunk)
    sum += static_cast<double>(products[chunk * size + element]);
  sums[element] = sum;
}

// Both triangles in float from the upper one of sums.
__global__ void round_gram(const double* sums, int columns, float* gram) {
  const int element = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (element >= columns * columns)
    return;
  const int row = element / columns, column = element % columns;
  gram[element] = static_cast<float>(sums[min(row, column) * columns + max(row, column)]);
}

__global__ void to_double(const float* values, std::int64_t count, double* out) {
  const std::int64_t element = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (element < count)
    out[element] = static_cast<double>(values[element]);
}

// The largest |value|, as the bits of a float, into *bits: they order as the numbers do, and so does not matter which
// block comes first. A NaN is larger than anything.
__global__ void max_abs_bits(const float4* values, std::int64_t count, unsigned* bits) {
  const std::int64_t stride = std::int64_t{gridDim.x} * blockDim.x;
  unsigned largest = 0;
  for (std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < count; i += stride) {
    const float4 four = values[i];
    for (const float value : {four.x, four.y, four.z, four.w})
      largest = max(largest, __float_as_uint(value) & 0x7fffffffu);
  }
  largest = __reduce_max_sync(kFullWarp, largest);
  if (threadIdx.x % kWarpSize == 0)
    atomicMax(bits, largest);
}

}  // namespace segue::cuda
