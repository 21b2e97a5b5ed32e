// FLOPs:  floor 2 · phases · taps a sample (72 below 96 kHz) at two vector FMAs a cycle; samples are read from L1.
#include "host/audio/decode/true_peak_kernel.hpp"

// Builds for machines without SSE4, with SSE4, AVX2 and AVX-512; others would only cost compile time.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3_DL)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "host/audio/decode/true_peak_kernel.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h comes before the others
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace segue::audio {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

HWY_ATTR float peak_of(const float* samples, std::size_t count, const float* phases, std::size_t phase_count,
                       std::size_t taps) {
  const hn::CappedTag<float, kMostLanes> lanes;
  const std::size_t width = hn::Lanes(lanes);
  const std::size_t vectors = (count + width - 1) / width;
  // Whole vectors that end with the last sample: the first may take in what the call before has seen.
  const float* first = samples + count - vectors * width;
  auto peak = hn::Zero(lanes);
  for (std::size_t v = 0; v < vectors; ++v) {
    const float* window = first + v * width;
    for (std::size_t phase = 0; phase < phase_count; ++phase) {
      auto even = hn::Zero(lanes);  // two sums: one would wait for itself
      auto odd = hn::Zero(lanes);
      const float* coefficients = phases + phase * taps;
      for (std::size_t k = 0; k < taps; k += 2) {
        even = hn::MulAdd(hn::Set(lanes, coefficients[k]), hn::LoadU(lanes, window + k), even);
        odd = hn::MulAdd(hn::Set(lanes, coefficients[k + 1]), hn::LoadU(lanes, window + k + 1), odd);
      }
      peak = hn::Max(peak, hn::Abs(hn::Add(even, odd)));
    }
  }
  return hn::GetLane(hn::MaxOfLanes(lanes, peak));
}

}  // namespace HWY_NAMESPACE
}  // namespace segue::audio
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace segue::audio {

HWY_EXPORT(peak_of);

float interpolated_peak(const float* samples, std::size_t count, const float* phases, std::size_t phase_count,
                        std::size_t taps) {
  return HWY_DYNAMIC_DISPATCH(peak_of)(samples, count, phases, phase_count, taps);
}

}  // namespace segue::audio
#endif
