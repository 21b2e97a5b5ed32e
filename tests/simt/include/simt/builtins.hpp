// CUDA's device built-ins for a host compiler.  Include it (through cuda/core/kernel.hpp) before anything else that
// mentions CUDA; it brings in the toolkit's own vector, fp16 and bf16 types.
#pragma once
#if defined(__CUDACC__)
#error "simt/builtins.hpp is for host compilers only"
#endif

#define SEGUE_SIMT 1

// The toolkit's crt/host_defines.h keeps these when they exist already.  Its own definitions expand to nothing under
// g++, which would quietly make a __shared__ array a private one.
#define __host__
#define __device__
#define __global__
#define __constant__
#define __managed__
#define __grid_constant__
#define __cluster_dims__(...)
#define __block_size__(...)
#define __launch_bounds__(...)
// Works for non-template kernels on one OS thread, but keeps its contents from block to block: use SEGUE_SHARED.
#define __shared__ static

#include <cuda_runtime.h>

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "simt/engine.hpp"

#include <atomic>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <type_traits>

#define SEGUE_SIMT_INLINE inline __attribute__((always_inline))
#define SEGUE_SIMT_HERE ::segue::simt::site where = {__builtin_FILE(), __builtin_LINE()}

// ------------------------------------------------------------------------------------------ indices

namespace segue::simt::detail {
static_assert(sizeof(uint3) == 12 && sizeof(dim3) == 12);
// thread_vars keeps plain arrays; these give CUDA's types.
SEGUE_SIMT_INLINE uint3 as_uint3(const unsigned (&v)[3]) { return uint3{v[0], v[1], v[2]}; }
SEGUE_SIMT_INLINE dim3 as_dim3(const unsigned (&v)[3]) { return dim3(v[0], v[1], v[2]); }
}  // namespace segue::simt::detail

#define threadIdx (::segue::simt::detail::as_uint3(::segue::simt::detail::vars.thread))
#define blockIdx (::segue::simt::detail::as_uint3(::segue::simt::detail::vars.block))
#define blockDim (::segue::simt::detail::as_dim3(::segue::simt::detail::vars.block_dim))
#define gridDim (::segue::simt::detail::as_dim3(::segue::simt::detail::vars.grid_dim))
inline constexpr int warpSize = 32;

// ------------------------------------------------------------------------------------------ barriers and fences

inline void __syncthreads(SEGUE_SIMT_HERE) { ::segue::simt::detail::sync_threads(::segue::simt::barrier::plain, 0, where); }
inline int __syncthreads_count(int p, SEGUE_SIMT_HERE) {
  return ::segue::simt::detail::sync_threads(::segue::simt::barrier::count, p, where);
}
inline int __syncthreads_and(int p, SEGUE_SIMT_HERE) {
  return ::segue::simt::detail::sync_threads(::segue::simt::barrier::and_, p, where);
}
inline int __syncthreads_or(int p, SEGUE_SIMT_HERE) {
  return ::segue::simt::detail::sync_threads(::segue::simt::barrier::or_, p, where);
}
inline void __syncwarp(unsigned mask = 0xffffffffu, SEGUE_SIMT_HERE) {
  ::segue::simt::detail::collective(::segue::simt::op::sync, mask, 0, 0, 32, where);
}
inline void __threadfence() { ::segue::simt::detail::fence(); }
inline void __threadfence_block() {}
inline void __threadfence_system() { ::segue::simt::detail::fence(); }
inline void __nanosleep(unsigned) { ::segue::simt::detail::yield(); }
inline long long clock64() { return (long long)::segue::simt::detail::cycles(); }
// clock() is the C library's.
[[noreturn]] inline void __trap(SEGUE_SIMT_HERE) { ::segue::simt::detail::fail("__trap()", where); }
#define __assume(x) ((void)0)

// ------------------------------------------------------------------------------------------ warp operations

namespace segue::simt::detail {

// The toolkit's __half2 has a copy constructor of its own, so "trivially copyable" would be too much to ask.
template <class T>
concept word = std::is_trivially_destructible_v<T> && sizeof(T) <= 8;

template <word T>
SEGUE_SIMT_INLINE std::uint64_t pack(T v) {
  std::uint64_t u = 0;
  std::memcpy(&u, static_cast<const void*>(&v), sizeof v);
  return u;
}
template <word T>
SEGUE_SIMT_INLINE T unpack(std::uint64_t u) {
  T v;
  std::memcpy(static_cast<void*>(&v), &u, sizeof v);
  return v;
}

}  // namespace segue::simt::detail

template <segue::simt::detail::word T>
inline T __shfl_sync(unsigned mask, T v, int src, int width = 32, SEGUE_SIMT_HERE) {
  using namespace ::segue::simt;
  return detail::unpack<T>(detail::collective(op::shfl_idx, mask, detail::pack(v), src, width, where));
}
template <segue::simt::detail::word T>
inline T __shfl_up_sync(unsigned mask, T v, unsigned delta, int width = 32, SEGUE_SIMT_HERE) {
  using namespace ::segue::simt;
  return detail::unpack<T>(detail::collective(op::shfl_up, mask, detail::pack(v), int(delta), width, where));
}
template <segue::simt::detail::word T>
inline T __shfl_down_sync(unsigned mask, T v, unsigned delta, int width = 32, SEGUE_SIMT_HERE) {
  using namespace ::segue::simt;
  return detail::unpack<T>(detail::collective(op::shfl_down, mask, detail::pack(v), int(delta), width, where));
}
template <segue::simt::detail::word T>
inline T __shfl_xor_sync(unsigned mask, T v, int lane_mask, int width = 32, SEGUE_SIMT_HERE) {
  using namespace ::segue::simt;
  return detail::unpack<T>(detail::collective(op::shfl_xor, mask, detail::pack(v), lane_mask, width, where));
}
inline unsigned __ballot_sync(unsigned mask, int p, SEGUE_SIMT_HERE) {
  using namespace ::segue::simt;
  return unsigned(detail::collective(op::ballot, mask, p != 0, 0, 32, where));
}
inline int __any_sync(unsigned mask, int p, SEGUE_SIMT_HERE) {
  using namespace ::segue::simt;
  return int(detail::collective(op::any, mask, p != 0, 0, 32, where));
}
inline int __all_sync(unsigned mask, int p, SEGUE_SIMT_HERE) {
  using namespace ::segue::simt;
  return int(detail::collective(op::all, mask, p != 0, 0, 32, where));
}
template <segue::simt::detail::word T>
inline unsigned __match_any_sync(unsigned mask, T v, SEGUE_SIMT_HERE) {
  using namespace ::segue::simt;
  return unsigned(detail::collective(op::match_any, mask, detail::pack(v), 0, 32, where));
}
template <segue::simt::detail::word T>
inline unsigned __match_all_sync(unsigned mask, T v, int* pred, SEGUE_SIMT_HERE) {
  using namespace ::segue::simt;
  std::uint64_t second = 0;
  const auto r = detail::collective(op::match_all, mask, detail::pack(v), 0, 32, where, &second);
  *pred = int(second);
  return unsigned(r);
}
#define SEGUE_SIMT_REDUCE(name, T, which)                                                         \
  inline T name(unsigned mask, T v, SEGUE_SIMT_HERE) {                                            \
    using namespace ::segue::simt;                                                                \
    return T(std::uint32_t(detail::collective(op::which, mask, std::uint32_t(v), 0, 32, where))); \
  }
SEGUE_SIMT_REDUCE(__reduce_add_sync, unsigned, add_u)
SEGUE_SIMT_REDUCE(__reduce_add_sync, int, add_u)
SEGUE_SIMT_REDUCE(__reduce_min_sync, unsigned, min_u)
SEGUE_SIMT_REDUCE(__reduce_min_sync, int, min_s)
SEGUE_SIMT_REDUCE(__reduce_max_sync, unsigned, max_u)
SEGUE_SIMT_REDUCE(__reduce_max_sync, int, max_s)
SEGUE_SIMT_REDUCE(__reduce_and_sync, unsigned, and_)
SEGUE_SIMT_REDUCE(__reduce_or_sync, unsigned, or_)
SEGUE_SIMT_REDUCE(__reduce_xor_sync, unsigned, xor_)
#undef SEGUE_SIMT_REDUCE
// CUDA promises nothing about which lanes are converged: here a lane is always alone.
inline unsigned __activemask() { return 1u << ::segue::simt::detail::vars.lane; }

// ------------------------------------------------------------------------------------------ atomics

namespace segue::simt::detail {

// A device atomic on any type of 2, 4 or 8 bytes, as a compare-and-swap loop.
template <class T, class F>
__attribute__((no_sanitize("thread"))) inline T update(T* p, F f) {
  atomic_access(p, sizeof(T));
  using U = std::conditional_t<sizeof(T) == 8, std::uint64_t, std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint16_t>>;
  static_assert(sizeof(T) == sizeof(U));
  // Memory is taken as U through may_alias, as the hardware would.
  using alias [[gnu::may_alias]] = U;
  alias* const q = reinterpret_cast<alias*>(p);
  U old = __atomic_load_n(q, __ATOMIC_RELAXED);
  for (;;) {
    T was;
    std::memcpy(static_cast<void*>(&was), &old, sizeof was);
    const T now = f(was);
    U bits;
    std::memcpy(&bits, static_cast<const void*>(&now), sizeof bits);
    if (__atomic_compare_exchange_n(q, &old, bits, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) return was;
  }
}
template <class T>
struct same {
  using type = T;
};

}  // namespace segue::simt::detail

#define SEGUE_SIMT_ATOMIC(name, expr)                                                              \
  template <class T>                                                                               \
  inline T name(T* p, typename ::segue::simt::detail::same<T>::type v) {                           \
    return ::segue::simt::detail::update(p, [v]([[maybe_unused]] T old) -> T { return T(expr); });                 \
  }                                                                                                \
  template <class T>                                                                               \
  inline T name##_block(T* p, typename ::segue::simt::detail::same<T>::type v) {                   \
    return name(p, v);                                                                             \
  }                                                                                                \
  template <class T>                                                                               \
  inline T name##_system(T* p, typename ::segue::simt::detail::same<T>::type v) {                  \
    return name(p, v);                                                                             \
  }
SEGUE_SIMT_ATOMIC(atomicAdd, old + v)
SEGUE_SIMT_ATOMIC(atomicSub, old - v)
SEGUE_SIMT_ATOMIC(atomicExch, v)
SEGUE_SIMT_ATOMIC(atomicMin, v < old ? v : old)
SEGUE_SIMT_ATOMIC(atomicMax, old < v ? v : old)
SEGUE_SIMT_ATOMIC(atomicAnd, old & v)
SEGUE_SIMT_ATOMIC(atomicOr, old | v)
SEGUE_SIMT_ATOMIC(atomicXor, old ^ v)
SEGUE_SIMT_ATOMIC(atomicInc, old >= v ? 0u : old + 1u)
SEGUE_SIMT_ATOMIC(atomicDec, old == 0u || old > v ? v : old - 1u)
#undef SEGUE_SIMT_ATOMIC
template <class T>
inline T atomicCAS(T* p, typename ::segue::simt::detail::same<T>::type compare, typename ::segue::simt::detail::same<T>::type v) {
  return ::segue::simt::detail::update(
      p, [&](T old) -> T { return std::memcmp(&old, &compare, sizeof(T)) == 0 ? v : old; });
}

// ------------------------------------------------------------------------------------------ loads and stores

#define SEGUE_SIMT_LOAD(name) \
  template <class T>          \
  SEGUE_SIMT_INLINE T name(const T* p) { return *p; }
SEGUE_SIMT_LOAD(__ldg)
SEGUE_SIMT_LOAD(__ldca)
SEGUE_SIMT_LOAD(__ldcg)
SEGUE_SIMT_LOAD(__ldcs)
SEGUE_SIMT_LOAD(__ldlu)
SEGUE_SIMT_LOAD(__ldcv)
#undef SEGUE_SIMT_LOAD
#define SEGUE_SIMT_STORE(name) \
  template <class T>           \
  SEGUE_SIMT_INLINE void name(T* p, typename ::segue::simt::detail::same<T>::type v) { *p = v; }
SEGUE_SIMT_STORE(__stwb)
SEGUE_SIMT_STORE(__stcg)
SEGUE_SIMT_STORE(__stcs)
SEGUE_SIMT_STORE(__stwt)
#undef SEGUE_SIMT_STORE

// ------------------------------------------------------------------------------------------ integer intrinsics

inline int __popc(unsigned v) { return std::popcount(v); }
inline int __popcll(unsigned long long v) { return std::popcount(v); }
inline int __clz(int v) { return std::countl_zero(unsigned(v)); }
inline int __clzll(long long v) { return std::countl_zero((unsigned long long)v); }
inline int __ffs(int v) { return __builtin_ffs(v); }
inline int __ffsll(long long v) { return __builtin_ffsll(v); }
inline unsigned __brev(unsigned v) {
  unsigned r = 0;
  for (int i = 0; i < 32; ++i) r |= (v >> i & 1u) << (31 - i);
  return r;
}
inline unsigned long long __brevll(unsigned long long v) {
  return (unsigned long long)__brev(unsigned(v)) << 32 | __brev(unsigned(v >> 32));
}
inline unsigned __byte_perm(unsigned a, unsigned b, unsigned s) {
  const std::uint64_t both = std::uint64_t(b) << 32 | a;
  unsigned r = 0;
  for (int i = 0; i < 4; ++i) r |= unsigned(both >> (8 * (s >> (4 * i) & 7)) & 0xff) << (8 * i);
  return r;
}
inline unsigned __funnelshift_l(unsigned lo, unsigned hi, unsigned n) {
  return unsigned((std::uint64_t(hi) << 32 | lo) << (n & 31) >> 32);
}
inline unsigned __funnelshift_r(unsigned lo, unsigned hi, unsigned n) {
  return unsigned((std::uint64_t(hi) << 32 | lo) >> (n & 31));
}
inline int __mulhi(int a, int b) { return int((std::int64_t(a) * b) >> 32); }
inline unsigned __umulhi(unsigned a, unsigned b) { return unsigned((std::uint64_t(a) * b) >> 32); }
inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
  __extension__ using wide = unsigned __int128;
  return static_cast<unsigned long long>((static_cast<wide>(a) * b) >> 64);
}
inline int __mul24(int a, int b) { return (a << 8 >> 8) * (b << 8 >> 8); }
inline unsigned __umul24(unsigned a, unsigned b) { return (a & 0xffffffu) * (b & 0xffffffu); }
inline int __dp4a(int a, int b, int c) {
  for (int i = 0; i < 4; ++i) c += int(std::int8_t(a >> (8 * i))) * int(std::int8_t(b >> (8 * i)));
  return c;
}
inline unsigned __dp4a(unsigned a, unsigned b, unsigned c) {
  for (int i = 0; i < 4; ++i) c += (a >> (8 * i) & 0xffu) * (b >> (8 * i) & 0xffu);
  return c;
}
inline unsigned __sad(int a, int b, unsigned c) { return unsigned(a > b ? a - b : b - a) + c; }

// ------------------------------------------------------------------------------------------ conversions

inline int __float_as_int(float v) { return std::bit_cast<int>(v); }
inline unsigned __float_as_uint(float v) { return std::bit_cast<unsigned>(v); }
inline float __int_as_float(int v) { return std::bit_cast<float>(v); }
inline float __uint_as_float(unsigned v) { return std::bit_cast<float>(v); }
inline long long __double_as_longlong(double v) { return std::bit_cast<long long>(v); }
inline double __longlong_as_double(long long v) { return std::bit_cast<double>(v); }
inline int __double2hiint(double v) { return int(std::bit_cast<std::uint64_t>(v) >> 32); }
inline int __double2loint(double v) { return int(std::bit_cast<std::uint64_t>(v)); }
inline double __hiloint2double(int hi, int lo) {
  return std::bit_cast<double>(std::uint64_t(unsigned(hi)) << 32 | unsigned(lo));
}
namespace segue::simt::detail {
// The hardware saturates, and turns NaN into 0; a plain cast would be undefined.
template <class I>
inline I to_int(double v) {
  if (v != v) return 0;
  constexpr double lo = double(std::numeric_limits<I>::min()), hi = double(std::numeric_limits<I>::max());
  return v <= lo ? std::numeric_limits<I>::min() : v >= hi ? std::numeric_limits<I>::max() : I(v);
}
}  // namespace segue::simt::detail
#define SEGUE_SIMT_TO_INT(from, F, to, I)                                                                       \
  inline I __##from##2##to##_rn(F v) { return ::segue::simt::detail::to_int<I>(std::nearbyint(double(v))); }    \
  inline I __##from##2##to##_rz(F v) { return ::segue::simt::detail::to_int<I>(std::trunc(double(v))); }        \
  inline I __##from##2##to##_rd(F v) { return ::segue::simt::detail::to_int<I>(std::floor(double(v))); }        \
  inline I __##from##2##to##_ru(F v) { return ::segue::simt::detail::to_int<I>(std::ceil(double(v))); }
SEGUE_SIMT_TO_INT(float, float, int, int)
SEGUE_SIMT_TO_INT(float, float, uint, unsigned)
SEGUE_SIMT_TO_INT(float, float, ll, long long)
SEGUE_SIMT_TO_INT(float, float, ull, unsigned long long)
SEGUE_SIMT_TO_INT(double, double, int, int)
SEGUE_SIMT_TO_INT(double, double, uint, unsigned)
SEGUE_SIMT_TO_INT(double, double, ll, long long)
SEGUE_SIMT_TO_INT(double, double, ull, unsigned long long)
#undef SEGUE_SIMT_TO_INT
inline float __int2float_rn(int v) { return float(v); }
inline float __uint2float_rn(unsigned v) { return float(v); }
inline float __ll2float_rn(long long v) { return float(v); }
inline float __ull2float_rn(unsigned long long v) { return float(v); }
inline double __int2double_rn(int v) { return double(v); }
inline float __double2float_rn(double v) { return float(v); }

// ------------------------------------------------------------------------------------------ floating point

inline float __fmaf_rn(float a, float b, float c) { return std::fma(a, b, c); }
inline double __fma_rn(double a, double b, double c) { return std::fma(a, b, c); }
inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fsub_rn(float a, float b) { return a - b; }
inline float __fmul_rn(float a, float b) { return a * b; }
inline float __fdiv_rn(float a, float b) { return a / b; }
inline float __frcp_rn(float a) { return 1.0f / a; }
inline float __fsqrt_rn(float a) { return std::sqrt(a); }
inline float __frsqrt_rn(float a) { return float(1.0 / std::sqrt(double(a))); }
inline double __dadd_rn(double a, double b) { return a + b; }
inline double __dmul_rn(double a, double b) { return a * b; }
inline double __ddiv_rn(double a, double b) { return a / b; }
inline float __fdividef(float a, float b) { return a / b; }
inline float fdividef(float a, float b) { return a / b; }
inline float __saturatef(float v) { return v > 0.0f ? (v < 1.0f ? v : 1.0f) : 0.0f; }
inline float rsqrtf(float v) { return float(1.0 / std::sqrt(double(v))); }
inline double rsqrt(double v) { return 1.0 / std::sqrt(v); }
inline float rcbrtf(float v) { return 1.0f / std::cbrt(v); }
inline float sinpif(float v) { return float(std::sin(3.14159265358979323846 * double(v))); }
inline float cospif(float v) { return float(std::cos(3.14159265358979323846 * double(v))); }
inline void sincospif(float v, float* s, float* c) { *s = sinpif(v), *c = cospif(v); }
inline float norm3df(float a, float b, float c) { return std::sqrt(a * a + b * b + c * c); }
inline float rhypotf(float a, float b) { return 1.0f / std::hypot(a, b); }
inline float normcdff(float v) { return 0.5f * std::erfc(-v * 0.70710678118654752f); }

// glibc's <math.h> declares functions of these names, so they must be macros.
namespace segue::simt::fast {
inline float expf_(float v) { return std::exp(v); }
inline float exp10f_(float v) { return std::pow(10.0f, v); }
inline float logf_(float v) { return std::log(v); }
inline float log2f_(float v) { return std::log2(v); }
inline float log10f_(float v) { return std::log10(v); }
inline float powf_(float a, float b) { return std::pow(a, b); }
inline float sinf_(float v) { return std::sin(v); }
inline float cosf_(float v) { return std::cos(v); }
inline float tanf_(float v) { return std::tan(v); }
inline void sincosf_(float v, float* s, float* c) { *s = std::sin(v), *c = std::cos(v); }
}  // namespace segue::simt::fast
#define __expf(x) (::segue::simt::fast::expf_(x))
#define __exp10f(x) (::segue::simt::fast::exp10f_(x))
#define __logf(x) (::segue::simt::fast::logf_(x))
#define __log2f(x) (::segue::simt::fast::log2f_(x))
#define __log10f(x) (::segue::simt::fast::log10f_(x))
#define __powf(x, y) (::segue::simt::fast::powf_(x, y))
#define __sinf(x) (::segue::simt::fast::sinf_(x))
#define __cosf(x) (::segue::simt::fast::cosf_(x))
#define __tanf(x) (::segue::simt::fast::tanf_(x))
#define __sincosf(x, s, c) (::segue::simt::fast::sincosf_(x, s, c))

// CUDA's min and max at global scope.
#define SEGUE_SIMT_MINMAX(T)                                  \
  constexpr inline T min(T a, T b) { return b < a ? b : a; }  \
  constexpr inline T max(T a, T b) { return a < b ? b : a; }
SEGUE_SIMT_MINMAX(int)
SEGUE_SIMT_MINMAX(unsigned)
SEGUE_SIMT_MINMAX(long)
SEGUE_SIMT_MINMAX(unsigned long)
SEGUE_SIMT_MINMAX(long long)
SEGUE_SIMT_MINMAX(unsigned long long)
#undef SEGUE_SIMT_MINMAX
inline float min(float a, float b) { return std::fmin(a, b); }
inline float max(float a, float b) { return std::fmax(a, b); }
inline double min(double a, double b) { return std::fmin(a, b); }
inline double max(double a, double b) { return std::fmax(a, b); }
constexpr inline unsigned min(int a, unsigned b) { return min(unsigned(a), b); }
constexpr inline unsigned min(unsigned a, int b) { return min(a, unsigned(b)); }
constexpr inline unsigned max(int a, unsigned b) { return max(unsigned(a), b); }
constexpr inline unsigned max(unsigned a, int b) { return max(a, unsigned(b)); }

// ------------------------------------------------------------------------------------------ fp16 / bf16: what the
// toolkit declares only for nvcc.  Computed in float and rounded once; the fma is exact in double.

inline __half __hfma(__half a, __half b, __half c) {
  return __double2half(double(__half2float(a)) * double(__half2float(b)) + double(__half2float(c)));
}
inline __half2 __hfma2(__half2 a, __half2 b, __half2 c) {
  return __halves2half2(__hfma(__low2half(a), __low2half(b), __low2half(c)), __hfma(__high2half(a), __high2half(b), __high2half(c)));
}
inline __nv_bfloat16 __hfma(__nv_bfloat16 a, __nv_bfloat16 b, __nv_bfloat16 c) {
  return __double2bfloat16(double(__bfloat162float(a)) * double(__bfloat162float(b)) + double(__bfloat162float(c)));
}
inline __nv_bfloat162 __hfma2(__nv_bfloat162 a, __nv_bfloat162 b, __nv_bfloat162 c) {
  return __halves2bfloat162(__hfma(__low2bfloat16(a), __low2bfloat16(b), __low2bfloat16(c)),
                            __hfma(__high2bfloat16(a), __high2bfloat16(b), __high2bfloat16(c)));
}
#define SEGUE_SIMT_HALF_FN(name, expr)                                                                  \
  inline __half h##name(__half h) {                                                                     \
    const float v = __half2float(h);                                                                    \
    return __float2half(expr);                                                                          \
  }                                                                                                     \
  inline __nv_bfloat16 h##name(__nv_bfloat16 h) {                                                       \
    const float v = __bfloat162float(h);                                                                \
    return __float2bfloat16(expr);                                                                      \
  }                                                                                                     \
  inline __half2 h2##name(__half2 h) { return __halves2half2(h##name(__low2half(h)), h##name(__high2half(h))); }
SEGUE_SIMT_HALF_FN(exp, std::exp(v))
SEGUE_SIMT_HALF_FN(exp2, std::exp2(v))
SEGUE_SIMT_HALF_FN(exp10, std::pow(10.0f, v))
SEGUE_SIMT_HALF_FN(log, std::log(v))
SEGUE_SIMT_HALF_FN(log2, std::log2(v))
SEGUE_SIMT_HALF_FN(log10, std::log10(v))
SEGUE_SIMT_HALF_FN(sin, std::sin(v))
SEGUE_SIMT_HALF_FN(cos, std::cos(v))
SEGUE_SIMT_HALF_FN(sqrt, std::sqrt(v))
SEGUE_SIMT_HALF_FN(rsqrt, rsqrtf(v))
SEGUE_SIMT_HALF_FN(rcp, 1.0f / v)
SEGUE_SIMT_HALF_FN(floor, std::floor(v))
SEGUE_SIMT_HALF_FN(ceil, std::ceil(v))
SEGUE_SIMT_HALF_FN(trunc, std::trunc(v))
SEGUE_SIMT_HALF_FN(rint, std::nearbyint(v))
SEGUE_SIMT_HALF_FN(tanh, std::tanh(v))
#undef SEGUE_SIMT_HALF_FN
inline int __half2int_rn(__half h) { return __float2int_rn(__half2float(h)); }
inline int __half2int_rd(__half h) { return __float2int_rd(__half2float(h)); }
inline int __half2int_ru(__half h) { return __float2int_ru(__half2float(h)); }

// ------------------------------------------------------------------------------------------ shared memory

namespace segue::simt::detail {
template <class A>
struct shared_info {
  using element = std::remove_all_extents_t<A>;
  static_assert(std::is_trivially_default_constructible_v<element> && std::is_trivially_destructible_v<element>,
                "CUDA does not run constructors or destructors of shared variables");
};
}  // namespace segue::simt::detail

// SEGUE_SHARED(float, tile, [32][33]);   SEGUE_SHARED(int, count);
#define SEGUE_SHARED(type, name, ...)                                                               \
  using name##_segue_t = type __VA_ARGS__;                                                          \
  (void)sizeof(::segue::simt::detail::shared_info<name##_segue_t>);                                 \
  static constexpr ::segue::simt::shared_decl name##_segue_d{#name, sizeof(name##_segue_t),         \
                                                             alignof(name##_segue_t)};              \
  name##_segue_t& name =                                                                            \
      *static_cast<name##_segue_t*>(::segue::simt::detail::static_shared(&name##_segue_d))
#define SEGUE_DYNAMIC_SHARED(type, name) type* const name = static_cast<type*>(::segue::simt::detail::dynamic_shared())
