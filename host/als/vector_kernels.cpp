// What touches every vector of a side once, outside CG: rounding to halves, and the interactions' part of the loss.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "host/als/vector_kernels.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h comes before highway.h
#include <hwy/highway.h>

#include <algorithm>
#include <cmath>

#include "host/als/half_iteration.hpp"
#include "host/als/vector_group-inl.h"

HWY_BEFORE_NAMESPACE();
namespace segue::als::HWY_NAMESPACE {

constexpr std::size_t kPrefetchAhead = 8;

float MaxAbs(const float* values, std::size_t count) {
  Vec most = hn::Zero(Floats());
  for (std::size_t i = 0; i < count; i += kLanes)
    most = hn::Max(most, hn::Abs(load(values + i)));
  return hn::GetLane(hn::MaxOfLanes(Floats(), most));
}

void ToFloat16(const float* values, std::size_t count, float factor, std::uint16_t* halves) {
  const hn::Rebind<hwy::float16_t, Floats> dh;
  auto* out = reinterpret_cast<hwy::float16_t*>(halves);
  for (std::size_t i = 0; i < count; i += kLanes)
    hn::Store(hn::DemoteTo(dh, hn::Mul(load(values + i), hn::Set(Floats(), factor))), dh, out + i);
}

void ToBfloat16(const float* values, std::size_t count, float factor, std::uint16_t* halves) {
  const hn::RebindToUnsigned<Floats> words;
  const hn::Rebind<std::uint16_t, Floats> upper;
  for (std::size_t i = 0; i < count; i += kLanes) {
    const Vec value = hn::Mul(load(values + i), hn::Set(Floats(), factor));
    const auto bits = hn::BitCast(words, value);
    const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(words, 1));
    const auto rounded = hn::Add(bits, hn::Add(odd, hn::Set(words, 0x7fff)));
    // What is added may carry a NaN's bits into its sign.
    const auto kept = hn::ShiftRight<16>(hn::IfThenElse(hn::RebindMask(words, hn::IsNaN(value)), bits, rounded));
    hn::Store(hn::DemoteTo(upper, hn::BitCast(hn::RebindToSigned<Floats>(), kept)), upper, halves + i);
  }
}

// Floor: nnz·(4f + 8) bytes, 2·nnz·f FLOPs: memory-bound, one sixth of an iteration at most.
double InteractionLoss(const data::CsrView& interactions, MatrixView<const float> rows, MatrixView<const float> others,
                       double alpha, RowRange range) {
  const auto f = static_cast<std::size_t>(rows.columns());
  const auto end = static_cast<std::size_t>(interactions.offsets[static_cast<std::size_t>(range.end)]);
  double total = 0;
  for (std::int64_t row = range.begin; row < range.end; ++row) {
    const auto begin = static_cast<std::size_t>(interactions.offsets[static_cast<std::size_t>(row)]);
    const auto stop = static_cast<std::size_t>(interactions.offsets[static_cast<std::size_t>(row) + 1]);
    for (std::size_t i = begin; i < stop; ++i) {
      const float* ahead = others.row(interactions.indices[std::min(i + kPrefetchAhead, end - 1)]).data();
      for (std::size_t k = 0; k < f; k += 16)
        hwy::Prefetch(ahead + k);
      const double strength = interactions.values.empty() ? 1.0 : static_cast<double>(interactions.values[i]);
      const double predicted =
          static_cast<double>(dot(rows.row(row).data(), others.row(interactions.indices[i]).data(), f));
      const double error = (strength > 0 ? 1.0 : 0.0) - predicted;
      total += (1 + alpha * std::abs(strength)) * error * error - predicted * predicted;
    }
  }
  return total;
}

}  // namespace segue::als::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace segue::als {

HWY_EXPORT(MaxAbs);
HWY_EXPORT(ToFloat16);
HWY_EXPORT(ToBfloat16);
HWY_EXPORT(InteractionLoss);

float max_abs(std::span<const float> values) {
  return HWY_DYNAMIC_DISPATCH(MaxAbs)(values.data(), values.size());
}

void to_float16(std::span<const float> values, float factor, std::span<std::uint16_t> halves) {
  HWY_DYNAMIC_DISPATCH(ToFloat16)(values.data(), values.size(), factor, halves.data());
}

void to_bfloat16(std::span<const float> values, float factor, std::span<std::uint16_t> halves) {
  HWY_DYNAMIC_DISPATCH(ToBfloat16)(values.data(), values.size(), factor, halves.data());
}

double interaction_loss(const data::CsrView& interactions, MatrixView<const float> rows, MatrixView<const float> others,
                        double alpha, RowRange range) {
  return HWY_DYNAMIC_DISPATCH(InteractionLoss)(interactions, rows, others, alpha, range);
}

}  // namespace segue::als
#endif
