// Kernels that are right or have one fault of order each: between threads, blocks, or a copy and its use.
#pragma once

#include "cuda/core/cp_async.hpp"
#include "faults.hpp"

namespace segue::cuda {

enum class Code { right, faulty };

/// Where this file says so.
inline std::string order_fault(std::string_view what) {
  return fault(what, __FILE__);
}

__device__ inline int thread_id() {
  return static_cast<int>(threadIdx.x);
}

template <Code kCode>
__global__ void reverse_in_warp(int* out) {
  SEGUE_SHARED(int, tile, [32]);
  const int lane = thread_id();
  for (int i = 0; i < 2; ++i) {
    tile[lane] = 100 * i + lane;
    if (kCode == Code::right)
      __syncwarp();
    out[lane] = tile[31 - lane];  // fault: no __syncwarp after the writes
    __syncwarp();
  }
}

template <Code kCode>
__global__ void reverse_in_block(int* out) {
  SEGUE_SHARED(int, tile, [64]);
  const int thread = thread_id();
  for (int i = 0; i < 2; ++i) {
    tile[thread] = 100 * i + thread;
    if (kCode == Code::right)
      __syncthreads();
    out[thread] = tile[63 - thread];  // fault: no __syncthreads after the writes
    __syncthreads();
  }
}

template <Code kCode>
__global__ void sum_slices(int* out, const int* in, int slices) {
  SEGUE_SHARED(int, slice, [64]);
  int sum = 0;
  for (int i = 0; i < slices; ++i) {
    slice[thread_id()] = in[i * 64 + thread_id()];  // fault: others still read the slice before
    __syncthreads();
    for (const int value : slice)
      sum += value;
    if (kCode == Code::right)
      __syncthreads();
  }
  out[thread_id()] = sum;
}

enum class Copy { right, not_waited_for, not_committed };

template <Copy kCopy>
__global__ void copy_through_shared(int4* out, const int4* in) {
  SEGUE_SHARED(int4, tile, [32]);
  const int lane = thread_id();
  cp_async<16>(&tile[lane], &in[lane]);
  if (kCopy != Copy::not_committed)
    cp_async_commit();
  if (kCopy != Copy::not_waited_for)
    cp_async_wait<0>();
  __syncwarp();
  out[lane] = tile[31 - lane];  // fault: the copy is still under way
}

template <Code kCode>
__global__ void count_remainders(unsigned* out) {
  SEGUE_SHARED(unsigned, bins, [7]);
  const int thread = thread_id();
  if (kCode == Code::right && thread < 7)
    bins[thread] = 0;
  __syncthreads();
  atomicAdd(&bins[thread % 7], 1u);  // fault: nobody has set the bins to zero
  __syncthreads();
  if (thread < 7)
    out[thread] = bins[thread];
}

}  // namespace segue::cuda
