// CUDA's device built-ins for a host compiler. cuda/core/kernel.hpp includes it before anything else of CUDA.
#pragma once
#if defined(__CUDACC__)
#error "simt/builtins.hpp is for host compilers only"
#endif

#define SEGUE_SIMT 1

// The toolkit's crt/host_defines.h keeps these where they exist. Its own expand to nothing under g++, which would make
// a
// __shared__ variable a private one: here it does not compile.
#undef __host__
#undef __device__
#undef __global__
#undef __constant__
#undef __managed__
#undef __grid_constant__
#undef __cluster_dims__
#undef __block_size__
#undef __launch_bounds__
#undef __shared__
#define __host__
#define __device__
#define __global__
#define __constant__
#define __managed__
#define __grid_constant__
#define __cluster_dims__(...)
#define __block_size__(...)
#define __launch_bounds__(...)
#define __shared__ static_assert(false, "declare shared memory by SEGUE_SHARED or SEGUE_DYNAMIC_SHARED");

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "simt/engine.hpp"

#define SEGUE_SIMT_INLINE inline __attribute__((always_inline))
#define SEGUE_SIMT_HERE ::segue::simt::Site where = {__builtin_FILE(), __builtin_LINE()}

namespace segue::simt::detail {

static_assert(sizeof(uint3) == sizeof(ThreadVariables::thread) && sizeof(dim3) == sizeof(ThreadVariables::block_dim));
SEGUE_SIMT_INLINE uint3 as_uint3(const unsigned (&v)[3]) {
  return uint3{v[0], v[1], v[2]};
}
SEGUE_SIMT_INLINE dim3 as_dim3(const unsigned (&v)[3]) {
  return dim3(v[0], v[1], v[2]);
}

// "Trivially copyable" would be too much to ask: the toolkit's __half2 has a copy constructor of its own.
template <class T>
concept Word = std::is_trivially_destructible_v<T> && sizeof(T) <= 8;

template <Word T>
SEGUE_SIMT_INLINE std::uint64_t to_bits(T value) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, static_cast<const void*>(&value), sizeof value);
  return bits;
}
template <Word T>
SEGUE_SIMT_INLINE T from_bits(std::uint64_t bits) {
  T value;
  std::memcpy(static_cast<void*>(&value), &bits, sizeof value);
  return value;
}

template <Word T>
inline T shuffle(WarpOperation operation, unsigned mask, T value, int argument, int width, Site where) {
  return from_bits<T>(collective(
      {.operation = operation, .mask = mask, .value = to_bits(value), .argument = argument, .width = width}, where));
}
template <Word T>
inline unsigned vote(WarpOperation operation, unsigned mask, T value, Site where) {
  return static_cast<unsigned>(collective({.operation = operation, .mask = mask, .value = to_bits(value)}, where));
}

}  // namespace segue::simt::detail

#define threadIdx (::segue::simt::detail::as_uint3(::segue::simt::detail::vars.thread))
#define blockIdx (::segue::simt::detail::as_uint3(::segue::simt::detail::vars.block))
#define blockDim (::segue::simt::detail::as_dim3(::segue::simt::detail::vars.block_dim))
#define gridDim (::segue::simt::detail::as_dim3(::segue::simt::detail::vars.grid_dim))
inline constexpr int warpSize = 32;

// Barriers and fences.

inline void __syncthreads(SEGUE_SIMT_HERE) {
  segue::simt::detail::sync_threads(segue::simt::Barrier::plain, 0, where);
}
inline int __syncthreads_count(int predicate, SEGUE_SIMT_HERE) {
  return segue::simt::detail::sync_threads(segue::simt::Barrier::count, predicate, where);
}
inline int __syncthreads_and(int predicate, SEGUE_SIMT_HERE) {
  return segue::simt::detail::sync_threads(segue::simt::Barrier::all, predicate, where);
}
inline int __syncthreads_or(int predicate, SEGUE_SIMT_HERE) {
  return segue::simt::detail::sync_threads(segue::simt::Barrier::any, predicate, where);
}
inline void __syncwarp(unsigned mask = 0xffffffffu, SEGUE_SIMT_HERE) {
  segue::simt::detail::collective({.operation = segue::simt::WarpOperation::sync, .mask = mask}, where);
}
inline void __threadfence() {
  segue::simt::detail::fence();
}
inline void __threadfence_block() {}
inline void __threadfence_system() {
  segue::simt::detail::fence();
}
inline void __nanosleep(unsigned) {
  segue::simt::detail::yield();
}
[[noreturn]] inline void __trap(SEGUE_SIMT_HERE) {
  segue::simt::detail::fail("__trap()", where);
}

// Warp operations.

template <segue::simt::detail::Word T>
inline T __shfl_sync(unsigned mask, T value, int source, int width = 32, SEGUE_SIMT_HERE) {
  using namespace segue::simt;
  return detail::shuffle(WarpOperation::shuffle, mask, value, source, width, where);
}
template <segue::simt::detail::Word T>
inline T __shfl_up_sync(unsigned mask, T value, unsigned distance, int width = 32, SEGUE_SIMT_HERE) {
  using namespace segue::simt;
  return detail::shuffle(WarpOperation::shuffle_up, mask, value, static_cast<int>(distance), width, where);
}
template <segue::simt::detail::Word T>
inline T __shfl_down_sync(unsigned mask, T value, unsigned distance, int width = 32, SEGUE_SIMT_HERE) {
  using namespace segue::simt;
  return detail::shuffle(WarpOperation::shuffle_down, mask, value, static_cast<int>(distance), width, where);
}
template <segue::simt::detail::Word T>
inline T __shfl_xor_sync(unsigned mask, T value, int lane_mask, int width = 32, SEGUE_SIMT_HERE) {
  using namespace segue::simt;
  return detail::shuffle(WarpOperation::shuffle_xor, mask, value, lane_mask, width, where);
}
inline unsigned __ballot_sync(unsigned mask, int predicate, SEGUE_SIMT_HERE) {
  return segue::simt::detail::vote(segue::simt::WarpOperation::ballot, mask, predicate, where);
}
inline int __any_sync(unsigned mask, int predicate, SEGUE_SIMT_HERE) {
  return static_cast<int>(segue::simt::detail::vote(segue::simt::WarpOperation::any, mask, predicate, where));
}
inline int __all_sync(unsigned mask, int predicate, SEGUE_SIMT_HERE) {
  return static_cast<int>(segue::simt::detail::vote(segue::simt::WarpOperation::all, mask, predicate, where));
}
template <segue::simt::detail::Word T>
inline unsigned __match_any_sync(unsigned mask, T value, SEGUE_SIMT_HERE) {
  return segue::simt::detail::vote(segue::simt::WarpOperation::match_any, mask, value, where);
}
template <segue::simt::detail::Word T>
inline unsigned __match_all_sync(unsigned mask, T value, int* all, SEGUE_SIMT_HERE) {
  const unsigned lanes = segue::simt::detail::vote(segue::simt::WarpOperation::match_all, mask, value, where);
  *all = lanes != 0 ? 1 : 0;
  return lanes;
}
#define SEGUE_SIMT_REDUCE(name, T, operation)                                                                    \
  inline T name(unsigned mask, T value, SEGUE_SIMT_HERE) {                                                       \
    return static_cast<T>(segue::simt::detail::vote(segue::simt::WarpOperation::operation, mask, value, where)); \
  }
SEGUE_SIMT_REDUCE(__reduce_add_sync, unsigned, add)
SEGUE_SIMT_REDUCE(__reduce_add_sync, int, add)
SEGUE_SIMT_REDUCE(__reduce_min_sync, unsigned, min_unsigned)
SEGUE_SIMT_REDUCE(__reduce_min_sync, int, min_signed)
SEGUE_SIMT_REDUCE(__reduce_max_sync, unsigned, max_unsigned)
SEGUE_SIMT_REDUCE(__reduce_max_sync, int, max_signed)
SEGUE_SIMT_REDUCE(__reduce_and_sync, unsigned, bit_and)
SEGUE_SIMT_REDUCE(__reduce_or_sync, unsigned, bit_or)
SEGUE_SIMT_REDUCE(__reduce_xor_sync, unsigned, bit_xor)
#undef SEGUE_SIMT_REDUCE
/// CUDA promises nothing about which lanes are converged: here a lane is always alone.
inline unsigned __activemask() {
  return 1u << segue::simt::detail::vars.lane;
}

// Shared memory: SEGUE_SHARED(float, tile, [32][33]); SEGUE_SHARED(int, count); SEGUE_DYNAMIC_SHARED(float, scratch);

namespace segue::simt::detail {
template <class T>
concept Shareable = std::is_trivially_default_constructible_v<std::remove_all_extents_t<T>> &&
    std::is_trivially_destructible_v<std::remove_all_extents_t<T>>;  // CUDA runs no constructors
}  // namespace segue::simt::detail

#define SEGUE_SHARED(type, name, ...)                                                                              \
  using name##_segue_type = type __VA_ARGS__;                                                                      \
  static_assert(::segue::simt::detail::Shareable<name##_segue_type>, "shared variables cannot have constructors"); \
  static constexpr ::segue::simt::SharedDeclaration name##_segue_declaration{#name, sizeof(name##_segue_type),     \
                                                                             alignof(name##_segue_type)};          \
  name##_segue_type& name =                                                                                        \
      *static_cast<name##_segue_type*>(::segue::simt::detail::static_shared(&name##_segue_declaration))
#define SEGUE_DYNAMIC_SHARED(type, name) type* const name = static_cast<type*>(::segue::simt::detail::dynamic_shared())

#include "simt/arithmetic.hpp"
#include "simt/atomics.hpp"
