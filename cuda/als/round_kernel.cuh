// From floats to what CG gathers.
#pragma once

#include <cstring>
#include <type_traits>

#include "cuda/core/kernel.hpp"

namespace segue::cuda {

template <class Half>
__device__ inline unsigned two_of(float low, float high) {
  unsigned bits;
  if constexpr (std::is_same_v<Half, __half>) {
    const __half2 both = __floats2half2_rn(low, high);
    std::memcpy(&bits, static_cast<const void*>(&both), sizeof bits);
  } else {
    const __nv_bfloat162 both = __floats2bfloat162_rn(low, high);
    std::memcpy(&bits, static_cast<const void*>(&both), sizeof bits);
  }
  return bits;
}

// out = values · factor, rounded to the nearest, ties to even; 8 values a thread. Bytes: floor 6·values.
template <class Half>
__global__ void round_vectors(const float4* values, std::int64_t eights, float factor, uint4* out) {
  const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i >= eights)
    return;
  const float4 a = values[2 * i], b = values[2 * i + 1];
  out[i] = make_uint4(two_of<Half>(a.x * factor, a.y * factor), two_of<Half>(a.z * factor, a.w * factor),
                      two_of<Half>(b.x * factor, b.y * factor), two_of<Half>(b.z * factor, b.w * factor));
}

}  // namespace segue::cuda
