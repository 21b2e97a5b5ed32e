// Vector primitives of the ALS kernels, compiled once for each SIMD target. A group is 8 vectors of f floats, f a
// multiple of 16, one after the other and 64-byte aligned: 8 sums hide the latency of a fused multiply-add, and their
// weights share one pass over the result.
#if defined(SEGUE_HOST_ALS_VECTOR_GROUP_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SEGUE_HOST_ALS_VECTOR_GROUP_INL_H_
#undef SEGUE_HOST_ALS_VECTOR_GROUP_INL_H_
#else
#define SEGUE_HOST_ALS_VECTOR_GROUP_INL_H_
#endif

#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include <cstddef>
#include <cstdint>

#ifdef __clang__
#define SEGUE_UNROLL _Pragma("unroll")
#else
#define SEGUE_UNROLL _Pragma("GCC unroll 8")
#endif

HWY_BEFORE_NAMESPACE();
namespace segue::als::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::CappedTag<float, 16>;
using Vec = hn::Vec<Floats>;
constexpr std::size_t kLanes = hn::MaxLanes(Floats());
constexpr std::size_t kGroup = 8;

HWY_INLINE Vec load(const float* from) {
  return hn::Load(Floats(), from);
}
HWY_INLINE Vec load(const hwy::float16_t* from) {
  return hn::PromoteTo(Floats(), hn::Load(hn::Rebind<hwy::float16_t, Floats>(), from));
}
struct Bfloat16 {
  std::uint16_t bits;  // the upper half of a float's
};
HWY_INLINE Vec load(const Bfloat16* from) {
  const hn::RebindToUnsigned<Floats> words;
  const auto bits = hn::Load(hn::Rebind<std::uint16_t, Floats>(), reinterpret_cast<const std::uint16_t*>(from));
  return hn::BitCast(Floats(), hn::ShiftLeft<16>(hn::PromoteTo(words, bits)));
}
HWY_INLINE void store(Vec value, float* to) {
  hn::Store(value, Floats(), to);
}

// Lane i of each 128-bit block: the sum of the i-th vector's 4 lanes of that block.
HWY_INLINE Vec sums_in_blocks(Vec a, Vec b, Vec c, Vec d) {
  const Floats df;
  const hn::RepartitionToWide<hn::RebindToUnsigned<Floats>> pairs;
  const Vec ab = hn::Add(hn::InterleaveLower(df, a, b), hn::InterleaveUpper(df, a, b));
  const Vec cd = hn::Add(hn::InterleaveLower(df, c, d), hn::InterleaveUpper(df, c, d));
  const auto ab2 = hn::BitCast(pairs, ab);
  const auto cd2 = hn::BitCast(pairs, cd);
  return hn::Add(hn::BitCast(df, hn::InterleaveLower(pairs, ab2, cd2)),
                 hn::BitCast(df, hn::InterleaveUpper(pairs, ab2, cd2)));
}

HWY_INLINE void store_8_sums(Vec low, Vec high, float* out) {
  const Floats df;
  if constexpr (kLanes == 4) {
    hn::Store(low, df, out);
    hn::Store(high, df, out + 4);
  } else if constexpr (kLanes == 8) {
    hn::Store(hn::Add(hn::ConcatLowerLower(df, high, low), hn::ConcatUpperUpper(df, high, low)), df, out);
  } else {
    const hn::Half<Floats> dh;
    const auto low8 = hn::Add(hn::LowerHalf(dh, low), hn::UpperHalf(dh, low));
    const auto high8 = hn::Add(hn::LowerHalf(dh, high), hn::UpperHalf(dh, high));
    hn::Store(hn::Add(hn::ConcatLowerLower(dh, high8, low8), hn::ConcatUpperUpper(dh, high8, low8)), dh, out);
  }
}

// out[i] = gᵢ·v
HWY_INLINE void group_dots(const float* HWY_RESTRICT g, std::size_t f, const float* HWY_RESTRICT v,
                           float* HWY_RESTRICT out) {
  Vec a0 = hn::Zero(Floats()), a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0;
  for (std::size_t k = 0; k < f; k += kLanes) {
    const Vec b = load(v + k);
    a0 = hn::MulAdd(load(g + 0 * f + k), b, a0);
    a1 = hn::MulAdd(load(g + 1 * f + k), b, a1);
    a2 = hn::MulAdd(load(g + 2 * f + k), b, a2);
    a3 = hn::MulAdd(load(g + 3 * f + k), b, a3);
    a4 = hn::MulAdd(load(g + 4 * f + k), b, a4);
    a5 = hn::MulAdd(load(g + 5 * f + k), b, a5);
    a6 = hn::MulAdd(load(g + 6 * f + k), b, a6);
    a7 = hn::MulAdd(load(g + 7 * f + k), b, a7);
  }
  store_8_sums(sums_in_blocks(a0, a1, a2, a3), sums_in_blocks(a4, a5, a6, a7), out);
}

// y += Σᵢ wᵢ gᵢ
HWY_INLINE void group_axpy(const float* HWY_RESTRICT g, std::size_t f, const float* w, float* HWY_RESTRICT y) {
  const Floats df;
  asm("" : "+r"(w));  // broadcast from memory: g++ would take the register stored there apart, lane by lane
  const Vec w0 = hn::Set(df, w[0]), w1 = hn::Set(df, w[1]), w2 = hn::Set(df, w[2]), w3 = hn::Set(df, w[3]);
  const Vec w4 = hn::Set(df, w[4]), w5 = hn::Set(df, w[5]), w6 = hn::Set(df, w[6]), w7 = hn::Set(df, w[7]);
  for (std::size_t k = 0; k < f; k += kLanes) {
    Vec even = hn::MulAdd(load(g + k), w0, load(y + k));
    Vec odd = hn::Mul(load(g + 1 * f + k), w1);
    even = hn::MulAdd(load(g + 2 * f + k), w2, even);
    odd = hn::MulAdd(load(g + 3 * f + k), w3, odd);
    even = hn::MulAdd(load(g + 4 * f + k), w4, even);
    odd = hn::MulAdd(load(g + 5 * f + k), w5, odd);
    even = hn::MulAdd(load(g + 6 * f + k), w6, even);
    odd = hn::MulAdd(load(g + 7 * f + k), w7, odd);
    store(hn::Add(even, odd), y + k);
  }
}

using GroupTag = hn::CappedTag<float, kGroup>;
constexpr std::size_t kGroupLanes = hn::MaxLanes(GroupTag());

// w = d·t
HWY_INLINE void group_weights(const float* d, const float* t, float* w) {
  const GroupTag tag;
  for (std::size_t i = 0; i < kGroup; i += kGroupLanes)
    hn::Store(hn::Mul(hn::Load(tag, d + i), hn::Load(tag, t + i)), tag, w + i);
}

// w = target − d·t
HWY_INLINE void group_weights(const float* d, const float* t, const float* target, float* w) {
  const GroupTag tag;
  for (std::size_t i = 0; i < kGroup; i += kGroupLanes)
    hn::Store(hn::NegMulAdd(hn::Load(tag, d + i), hn::Load(tag, t + i), hn::Load(tag, target + i)), tag, w + i);
}

// sum += d·t²
HWY_INLINE void group_add_squares(const float* d, const float* t, float* sum) {
  const GroupTag tag;
  for (std::size_t i = 0; i < kGroup; i += kGroupLanes) {
    const auto dots = hn::Load(tag, t + i);
    const auto weighted = hn::Mul(hn::Load(tag, d + i), dots);
    hn::Store(hn::MulAdd(weighted, dots, hn::Load(tag, sum + i)), tag, sum + i);
  }
}

HWY_INLINE float dot(const float* a, const float* b, std::size_t f) {
  Vec even = hn::Zero(Floats()), odd = even;
  std::size_t k = 0;
  for (; k + kLanes < f; k += 2 * kLanes) {
    even = hn::MulAdd(load(a + k), load(b + k), even);
    odd = hn::MulAdd(load(a + k + kLanes), load(b + k + kLanes), odd);
  }
  if (k < f)
    even = hn::MulAdd(load(a + k), load(b + k), even);
  return hn::GetLane(hn::SumOfLanes(Floats(), hn::Add(even, odd)));
}

// y += w·a
HWY_INLINE void axpy(float w, const float* HWY_RESTRICT a, std::size_t f, float* HWY_RESTRICT y) {
  const Vec weight = hn::Set(Floats(), w);
  for (std::size_t k = 0; k < f; k += kLanes)
    store(hn::MulAdd(weight, load(a + k), load(y + k)), y + k);
}

// q = G·p for kRows vectors p and kColumns vectors' worth of columns of the symmetric G; kRows·kColumns sums stay in
// registers while a panel of G passes once.
template <std::size_t kRows, std::size_t kColumns>
HWY_INLINE void gram_tile(const float* HWY_RESTRICT gram, std::size_t f, const float* HWY_RESTRICT p,
                          float* HWY_RESTRICT q) {
  Vec sum[kRows][kColumns];
  SEGUE_UNROLL
  for (std::size_t i = 0; i < kRows; ++i) {
    SEGUE_UNROLL
    for (std::size_t c = 0; c < kColumns; ++c)
      sum[i][c] = hn::Zero(Floats());
  }
  for (std::size_t j = 0; j < f; ++j) {
    Vec column[kColumns];
    SEGUE_UNROLL
    for (std::size_t c = 0; c < kColumns; ++c)
      column[c] = load(gram + j * f + c * kLanes);
    SEGUE_UNROLL
    for (std::size_t i = 0; i < kRows; ++i) {
      const Vec element = hn::Set(Floats(), p[i * f + j]);
      SEGUE_UNROLL
      for (std::size_t c = 0; c < kColumns; ++c)
        sum[i][c] = hn::MulAdd(element, column[c], sum[i][c]);
    }
  }
  SEGUE_UNROLL
  for (std::size_t i = 0; i < kRows; ++i) {
    SEGUE_UNROLL
    for (std::size_t c = 0; c < kColumns; ++c)
      store(sum[i][c], q + i * f + c * kLanes);
  }
}

template <std::size_t kRows>
HWY_INLINE void gram_rows(const float* gram, std::size_t f, const float* p, float* q) {
  constexpr std::size_t kColumns = kRows == 1 ? 4 : 2;
  std::size_t k = 0;
  for (; k + kColumns * kLanes <= f; k += kColumns * kLanes)
    gram_tile<kRows, kColumns>(gram + k, f, p, q + k);
  for (; k < f; k += kLanes)
    gram_tile<kRows, 1>(gram + k, f, p, q + k);
}

// q = G·p for `rows` vectors.
inline void gram_product(const float* gram, std::size_t f, std::size_t rows, const float* p, float* q) {
  std::size_t i = 0;
  if constexpr (kLanes == 16)  // 32 registers: 16 sums; the other targets have 16 registers
    for (; i + 8 <= rows; i += 8)
      gram_rows<8>(gram, f, p + i * f, q + i * f);
  for (; i + 4 <= rows; i += 4)
    gram_rows<4>(gram, f, p + i * f, q + i * f);
  for (; i + 2 <= rows; i += 2)
    gram_rows<2>(gram, f, p + i * f, q + i * f);
  for (; i < rows; ++i)
    gram_rows<1>(gram, f, p + i * f, q + i * f);
}

}  // namespace segue::als::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
