// The part of cooperative groups that the interpreter has; found before the toolkit's own header.
#pragma once
#include "simt/builtins.hpp"

namespace cooperative_groups {

namespace detail {
inline unsigned linear_thread() {
  return (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
}
}  // namespace detail

struct thread_block {
  void sync(SEGUE_SIMT_HERE) const { __syncthreads(where); }
  unsigned thread_rank() const { return detail::linear_thread(); }
  unsigned size() const { return blockDim.x * blockDim.y * blockDim.z; }
  unsigned num_threads() const { return size(); }
  dim3 group_index() const {
    const uint3 b = blockIdx;
    return dim3(b.x, b.y, b.z);
  }
  dim3 thread_index() const {
    const uint3 t = threadIdx;
    return dim3(t.x, t.y, t.z);
  }
  dim3 dim_threads() const { return blockDim; }
};
inline thread_block this_thread_block() {
  return {};
}

struct grid_group {
  void sync(SEGUE_SIMT_HERE) const { segue::simt::detail::sync_grid(where); }
  unsigned long long size() const {
    return static_cast<unsigned long long>(gridDim.x) * gridDim.y * gridDim.z * this_thread_block().size();
  }
  unsigned long long thread_rank() const {
    const unsigned long long b =
        (static_cast<unsigned long long>(blockIdx.z) * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
    return b * this_thread_block().size() + detail::linear_thread();
  }
  bool is_valid() const { return true; }
};
inline grid_group this_grid() {
  return {};
}

// Tiles of up to a warp.
template <unsigned Size, class Parent = void>
class thread_block_tile {
  static_assert(Size >= 1 && Size <= 32 && (Size & (Size - 1)) == 0, "the interpreter has no tiles wider than a warp");
  static unsigned mask() {
    const unsigned lane = segue::simt::detail::vars.lane;
    return Size == 32 ? 0xffffffffu : ((1u << (Size & 31)) - 1) << (lane & ~(Size - 1));
  }

 public:
  static constexpr unsigned size() { return Size; }
  static constexpr unsigned num_threads() { return Size; }
  unsigned thread_rank() const { return segue::simt::detail::vars.lane & (Size - 1); }
  unsigned meta_group_rank() const { return detail::linear_thread() / Size; }
  unsigned meta_group_size() const { return (this_thread_block().size() + Size - 1) / Size; }
  void sync(SEGUE_SIMT_HERE) const { __syncwarp(mask(), where); }
  template <class T>
  T shfl(T v, int src, SEGUE_SIMT_HERE) const {
    return __shfl_sync(mask(), v, src, int(Size), where);
  }
  template <class T>
  T shfl_up(T v, unsigned d, SEGUE_SIMT_HERE) const {
    return __shfl_up_sync(mask(), v, d, int(Size), where);
  }
  template <class T>
  T shfl_down(T v, unsigned d, SEGUE_SIMT_HERE) const {
    return __shfl_down_sync(mask(), v, d, int(Size), where);
  }
  template <class T>
  T shfl_xor(T v, unsigned m, SEGUE_SIMT_HERE) const {
    return __shfl_xor_sync(mask(), v, int(m), int(Size), where);
  }
  unsigned ballot(int p, SEGUE_SIMT_HERE) const {
    return __ballot_sync(mask(), p, where) >> (segue::simt::detail::vars.lane & ~(Size - 1));
  }
  int any(int p, SEGUE_SIMT_HERE) const { return __any_sync(mask(), p, where); }
  int all(int p, SEGUE_SIMT_HERE) const { return __all_sync(mask(), p, where); }
};
template <unsigned Size>
inline thread_block_tile<Size> tiled_partition(const thread_block&) {
  return {};
}
template <unsigned Size, unsigned Of>
inline thread_block_tile<Size> tiled_partition(const thread_block_tile<Of>&) {
  return {};
}

// CUDA does not promise which threads are found together: alone is a correct answer.
struct coalesced_group {
  unsigned thread_rank() const { return 0; }
  unsigned size() const { return 1; }
  unsigned num_threads() const { return 1; }
  void sync() const {}
  template <class T>
  T shfl(T v, int) const {
    return v;
  }
};
inline coalesced_group coalesced_threads() {
  return {};
}

template <class T>
struct plus {
  T operator()(T a, T b) const { return a + b; }
};
template <class T>
struct less {
  T operator()(T a, T b) const { return b < a ? b : a; }
};
template <class T>
struct greater {
  T operator()(T a, T b) const { return a < b ? b : a; }
};

template <unsigned Size, class P, class T, class F>
inline T reduce(const thread_block_tile<Size, P>& g, T v, F f, SEGUE_SIMT_HERE) {
  for (unsigned d = Size / 2; d; d /= 2)
    v = f(v, g.shfl_xor(v, d, where));
  return v;
}
inline void sync(const thread_block& b, SEGUE_SIMT_HERE) {
  b.sync(where);
}

}  // namespace cooperative_groups
