// The one header that a file with kernels includes first. Under nvcc it is CUDA itself, under a host compiler the
// interpreter of tests/simt, which runs the same source (DESIGN: kernels on the host).
#pragma once

#if defined(__CUDACC__)
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>

// SEGUE_SHARED(float, tile, [32][33]) declares static shared memory, SEGUE_DYNAMIC_SHARED(name) names the dynamic part.
#define SEGUE_SHARED(type, name, ...) __shared__ type name __VA_ARGS__
#define SEGUE_DYNAMIC_SHARED(type, name)                              \
  extern __shared__ __align__(16) unsigned char segue_dynamic_smem[]; \
  type* const name = reinterpret_cast<type*>(segue_dynamic_smem)
#else
#include "simt/builtins.hpp"
#endif

#include <cstddef>
#include <cstdint>

namespace segue::cuda {

/// All lanes of a warp.
inline constexpr unsigned kFullWarp = 0xffffffffu;
inline constexpr int kWarpSize = 32;

/// Cuts dynamic shared memory into arrays, each 16-byte aligned. The host sizes it with the same calls (base null); the
/// interpreter puts poisoned gaps between the arrays, so that AddressSanitizer sees an overrun from one into the next.
class SharedCarver {
 public:
  __host__ __device__ explicit SharedCarver(void* base) : base_(static_cast<char*>(base)) {}

  template <class T>
  __host__ __device__ T* take(std::size_t count) {
    constexpr std::size_t kAlignment = alignof(T) > 16 ? alignof(T) : 16;
    used_ = (used_ + kAlignment - 1) / kAlignment * kAlignment;
#if defined(__CUDA_ARCH__)
    char* const start = base_ + used_;  // a test for null would make a 64-bit generic address of it
#else
    char* const start = base_ != nullptr ? base_ + used_ : nullptr;
#endif
    used_ += count * sizeof(T);
#if defined(SEGUE_SIMT)
    constexpr std::size_t kGap = 64;
    const std::size_t end = (used_ + 15) / 16 * 16;
    if (base_ != nullptr && simt::detail::vars.self != nullptr)
      simt::detail::poison_gap(base_ + used_, end - used_ + kGap);
    used_ = end + kGap;
#endif
    return reinterpret_cast<T*>(start);
  }
  __host__ __device__ std::size_t bytes() const {
    return used_;
  }

 private:
  char* base_;
  std::size_t used_ = 0;
};

}  // namespace segue::cuda
