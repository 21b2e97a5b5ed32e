// CUDA's integer, conversion, floating-point and 16-bit intrinsics, computed plainly; a part of builtins.hpp.
#pragma once

#include <bit>
#include <cmath>
#include <limits>
#include <numbers>

// Integers.

inline int __popc(unsigned v) {
  return std::popcount(v);
}
inline int __popcll(unsigned long long v) {
  return std::popcount(v);
}
inline int __clz(int v) {
  return std::countl_zero(unsigned(v));
}
inline int __clzll(long long v) {
  return std::countl_zero(static_cast<unsigned long long>(v));
}
inline int __ffs(int v) {
  return __builtin_ffs(v);
}
inline int __ffsll(long long v) {
  return __builtin_ffsll(v);
}
inline unsigned __brev(unsigned v) {
  unsigned r = 0;
  for (int i = 0; i < 32; ++i)
    r |= (v >> i & 1u) << (31 - i);
  return r;
}
inline unsigned long long __brevll(unsigned long long v) {
  return static_cast<unsigned long long>(__brev(unsigned(v))) << 32 | __brev(unsigned(v >> 32));
}
inline unsigned __byte_perm(unsigned a, unsigned b, unsigned s) {
  const std::uint64_t both = std::uint64_t(b) << 32 | a;
  unsigned r = 0;
  for (int i = 0; i < 4; ++i)
    r |= unsigned(both >> (8 * (s >> (4 * i) & 7)) & 0xff) << (8 * i);
  return r;
}
inline unsigned __funnelshift_l(unsigned lo, unsigned hi, unsigned n) {
  return unsigned((std::uint64_t(hi) << 32 | lo) << (n & 31) >> 32);
}
inline unsigned __funnelshift_r(unsigned lo, unsigned hi, unsigned n) {
  return unsigned((std::uint64_t(hi) << 32 | lo) >> (n & 31));
}
inline int __mulhi(int a, int b) {
  return int((std::int64_t(a) * b) >> 32);
}
inline unsigned __umulhi(unsigned a, unsigned b) {
  return unsigned((std::uint64_t(a) * b) >> 32);
}
inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
  __extension__ using wide = unsigned __int128;
  return static_cast<unsigned long long>((static_cast<wide>(a) * b) >> 64);
}
inline int __dp4a(int a, int b, int c) {
  for (int i = 0; i < 4; ++i)
    c += int(std::int8_t(a >> (8 * i))) * int(std::int8_t(b >> (8 * i)));
  return c;
}
inline unsigned __dp4a(unsigned a, unsigned b, unsigned c) {
  for (int i = 0; i < 4; ++i)
    c += (a >> (8 * i) & 0xffu) * (b >> (8 * i) & 0xffu);
  return c;
}

// Conversions.

inline int __float_as_int(float v) {
  return std::bit_cast<int>(v);
}
inline unsigned __float_as_uint(float v) {
  return std::bit_cast<unsigned>(v);
}
inline float __int_as_float(int v) {
  return std::bit_cast<float>(v);
}
inline float __uint_as_float(unsigned v) {
  return std::bit_cast<float>(v);
}
inline long long __double_as_longlong(double v) {
  return std::bit_cast<long long>(v);
}
inline double __longlong_as_double(long long v) {
  return std::bit_cast<double>(v);
}
namespace segue::simt::detail {
// The hardware saturates, and turns NaN into 0; a plain cast would be undefined.
template <class I>
inline I to_int(double v) {
  if (v != v)
    return 0;
  constexpr double lo = double(std::numeric_limits<I>::min()), hi = double(std::numeric_limits<I>::max());
  return v <= lo ? std::numeric_limits<I>::min() : v >= hi ? std::numeric_limits<I>::max() : I(v);
}
}  // namespace segue::simt::detail
#define SEGUE_SIMT_TO_INT(from, F, to, I)                             \
  inline I __##from##2##to##_rn(F v) {                                \
    return segue::simt::detail::to_int<I>(std::nearbyint(double(v))); \
  }                                                                   \
  inline I __##from##2##to##_rz(F v) {                                \
    return segue::simt::detail::to_int<I>(std::trunc(double(v)));     \
  }                                                                   \
  inline I __##from##2##to##_rd(F v) {                                \
    return segue::simt::detail::to_int<I>(std::floor(double(v)));     \
  }                                                                   \
  inline I __##from##2##to##_ru(F v) {                                \
    return segue::simt::detail::to_int<I>(std::ceil(double(v)));      \
  }
SEGUE_SIMT_TO_INT(float, float, int, int)
SEGUE_SIMT_TO_INT(float, float, uint, unsigned)
SEGUE_SIMT_TO_INT(float, float, ll, long long)
SEGUE_SIMT_TO_INT(float, float, ull, unsigned long long)
SEGUE_SIMT_TO_INT(double, double, int, int)
SEGUE_SIMT_TO_INT(double, double, uint, unsigned)
SEGUE_SIMT_TO_INT(double, double, ll, long long)
SEGUE_SIMT_TO_INT(double, double, ull, unsigned long long)
#undef SEGUE_SIMT_TO_INT
inline float __int2float_rn(int v) {
  return float(v);
}
inline float __uint2float_rn(unsigned v) {
  return float(v);
}
inline float __ll2float_rn(long long v) {
  return float(v);
}
inline float __ull2float_rn(unsigned long long v) {
  return float(v);
}
inline double __int2double_rn(int v) {
  return double(v);
}
inline float __double2float_rn(double v) {
  return float(v);
}

// Floating point.

inline float __fmaf_rn(float a, float b, float c) {
  return std::fma(a, b, c);
}
inline double __fma_rn(double a, double b, double c) {
  return std::fma(a, b, c);
}
inline float __fadd_rn(float a, float b) {
  return a + b;
}
inline float __fsub_rn(float a, float b) {
  return a - b;
}
inline float __fmul_rn(float a, float b) {
  return a * b;
}
inline float __fdiv_rn(float a, float b) {
  return a / b;
}
inline float __frcp_rn(float a) {
  return 1.0f / a;
}
inline float __fsqrt_rn(float a) {
  return std::sqrt(a);
}
inline float __frsqrt_rn(float a) {
  return float(1.0 / std::sqrt(double(a)));
}
inline double __dadd_rn(double a, double b) {
  return a + b;
}
inline double __dmul_rn(double a, double b) {
  return a * b;
}
inline double __ddiv_rn(double a, double b) {
  return a / b;
}
inline float __fdividef(float a, float b) {
  return a / b;
}
inline float __saturatef(float v) {
  return v > 0.0f ? (v < 1.0f ? v : 1.0f) : 0.0f;
}
inline float rsqrtf(float v) {
  return float(1.0 / std::sqrt(double(v)));
}
inline double rsqrt(double v) {
  return 1.0 / std::sqrt(v);
}
inline float sinpif(float v) {
  return float(std::sin(std::numbers::pi * double(v)));
}
inline float cospif(float v) {
  return float(std::cos(std::numbers::pi * double(v)));
}
inline void sincospif(float v, float* s, float* c) {
  *s = sinpif(v);
  *c = cospif(v);
}

// glibc's <math.h> declares functions of these names, so they must be macros.
namespace segue::simt::fast {
inline float expf_(float v) {
  return std::exp(v);
}
inline float exp10f_(float v) {
  return std::pow(10.0f, v);
}
inline float logf_(float v) {
  return std::log(v);
}
inline float log2f_(float v) {
  return std::log2(v);
}
inline float log10f_(float v) {
  return std::log10(v);
}
inline float powf_(float a, float b) {
  return std::pow(a, b);
}
inline float sinf_(float v) {
  return std::sin(v);
}
inline float cosf_(float v) {
  return std::cos(v);
}
inline float tanf_(float v) {
  return std::tan(v);
}
inline void sincosf_(float v, float* s, float* c) {
  *s = std::sin(v);
  *c = std::cos(v);
}
}  // namespace segue::simt::fast
#define __expf(x) (segue::simt::fast::expf_(x))
#define __exp10f(x) (segue::simt::fast::exp10f_(x))
#define __logf(x) (segue::simt::fast::logf_(x))
#define __log2f(x) (segue::simt::fast::log2f_(x))
#define __log10f(x) (segue::simt::fast::log10f_(x))
#define __powf(x, y) (segue::simt::fast::powf_(x, y))
#define __sinf(x) (segue::simt::fast::sinf_(x))
#define __cosf(x) (segue::simt::fast::cosf_(x))
#define __tanf(x) (segue::simt::fast::tanf_(x))
#define __sincosf(x, s, c) (segue::simt::fast::sincosf_(x, s, c))

// CUDA's min and max at global scope.
#define SEGUE_SIMT_MINMAX(T)         \
  constexpr inline T min(T a, T b) { \
    return b < a ? b : a;            \
  }                                  \
  constexpr inline T max(T a, T b) { \
    return a < b ? b : a;            \
  }
SEGUE_SIMT_MINMAX(int)
SEGUE_SIMT_MINMAX(unsigned)
SEGUE_SIMT_MINMAX(long)
SEGUE_SIMT_MINMAX(unsigned long)
SEGUE_SIMT_MINMAX(long long)
SEGUE_SIMT_MINMAX(unsigned long long)
#undef SEGUE_SIMT_MINMAX
inline float min(float a, float b) {
  return std::fmin(a, b);
}
inline float max(float a, float b) {
  return std::fmax(a, b);
}
inline double min(double a, double b) {
  return std::fmin(a, b);
}
inline double max(double a, double b) {
  return std::fmax(a, b);
}
constexpr inline unsigned min(int a, unsigned b) {
  return min(unsigned(a), b);
}
constexpr inline unsigned min(unsigned a, int b) {
  return min(a, unsigned(b));
}
constexpr inline unsigned max(int a, unsigned b) {
  return max(unsigned(a), b);
}
constexpr inline unsigned max(unsigned a, int b) {
  return max(a, unsigned(b));
}

// 16-bit floats: what the toolkit declares only for nvcc; computed in float, the fma in double, and rounded once.

inline __half __hfma(__half a, __half b, __half c) {
  return __double2half(double(__half2float(a)) * double(__half2float(b)) + double(__half2float(c)));
}
inline __half2 __hfma2(__half2 a, __half2 b, __half2 c) {
  return __halves2half2(__hfma(__low2half(a), __low2half(b), __low2half(c)),
                        __hfma(__high2half(a), __high2half(b), __high2half(c)));
}
inline __nv_bfloat16 __hfma(__nv_bfloat16 a, __nv_bfloat16 b, __nv_bfloat16 c) {
  return __double2bfloat16(double(__bfloat162float(a)) * double(__bfloat162float(b)) + double(__bfloat162float(c)));
}
inline __nv_bfloat162 __hfma2(__nv_bfloat162 a, __nv_bfloat162 b, __nv_bfloat162 c) {
  return __halves2bfloat162(__hfma(__low2bfloat16(a), __low2bfloat16(b), __low2bfloat16(c)),
                            __hfma(__high2bfloat16(a), __high2bfloat16(b), __high2bfloat16(c)));
}
#define SEGUE_SIMT_HALF_FN(name, expr)                                      \
  inline __half h##name(__half h) {                                         \
    const float v = __half2float(h);                                        \
    return __float2half(expr);                                              \
  }                                                                         \
  inline __nv_bfloat16 h##name(__nv_bfloat16 h) {                           \
    const float v = __bfloat162float(h);                                    \
    return __float2bfloat16(expr);                                          \
  }                                                                         \
  inline __half2 h2##name(__half2 h) {                                      \
    return __halves2half2(h##name(__low2half(h)), h##name(__high2half(h))); \
  }
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
inline int __half2int_rn(__half h) {
  return __float2int_rn(__half2float(h));
}
inline int __half2int_rd(__half h) {
  return __float2int_rd(__half2float(h));
}
inline int __half2int_ru(__half h) {
  return __float2int_ru(__half2float(h));
}
