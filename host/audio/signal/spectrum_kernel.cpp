// What happens to a frame before and after the transform. For a 30 s clip at 22,050 Hz, 2048 samples a frame, hop 512,
// 40 filters
//
//   bytes:  floor 4 B a sample read once, 2.6 MB; the rest stays in L1 and L2 (a frame is 8 KB of samples, 8 KB of
//           spectrum, 4 KB of power)
//   FLOPs:  1,292 frames × (2.5·n·log₂n = 56,000 of the transform + n of the window + 3n/2 of |X|² + 4 a bin of the
//           filters): the transform is nine tenths of them and, at a higher rate, seven tenths of the time
#include "host/audio/signal/spectrum_kernel.hpp"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "host/audio/signal/spectrum_kernel.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h comes before highway.h
#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace segue::audio_signal::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::CappedTag<float, kPadding>;
using Vec = hn::Vec<Floats>;
constexpr std::size_t kLanes = hn::MaxLanes(Floats());

void ApplyWindow(const float* HWY_RESTRICT samples, const float* HWY_RESTRICT window, std::size_t count,
                 float* HWY_RESTRICT out) {
  const Floats d;
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes)
    hn::StoreU(hn::Mul(hn::LoadU(d, samples + i), hn::LoadU(d, window + i)), d, out + i);
  for (; i < count; ++i)
    out[i] = samples[i] * window[i];
}

HWY_INLINE void power_of(const float* HWY_RESTRICT spectrum, std::size_t bins, float* HWY_RESTRICT power) {
  const Floats d;
  for (std::size_t k = 0; k < bins; k += kLanes) {
    Vec real, imaginary;
    hn::LoadInterleaved2(d, spectrum + 2 * k, real, imaginary);
    hn::Store(hn::MulAdd(real, real, hn::Mul(imaginary, imaginary)), d, power + k);
  }
}

HWY_INLINE void filter(const PackedFilterbank& bank, const float* HWY_RESTRICT power, float* HWY_RESTRICT out) {
  const Floats d;
  for (std::size_t i = 0; i < bank.first.size(); ++i) {
    const float* bins = power + bank.first[i];
    Vec sum = hn::Zero(d);
    for (std::int64_t w = bank.offset[i]; w < bank.offset[i + 1]; w += kLanes, bins += kLanes)
      sum = hn::MulAdd(hn::LoadU(d, bins), hn::Load(d, bank.weights.data() + w), sum);
    out[i] = hn::GetLane(hn::SumOfLanes(d, sum));
  }
}

HWY_INLINE void to_decibels(float* HWY_RESTRICT power, std::size_t count) {
  const Floats d;
  for (std::size_t i = 0; i < count; i += kLanes) {
    const Vec floored = hn::Max(hn::Load(d, power + i), hn::Set(d, 1e-10f));
    hn::Store(hn::Mul(hn::Set(d, 10.0f), hn::Log10(d, floored)), d, power + i);
  }
}

HWY_INLINE void to_magnitude(float* HWY_RESTRICT power, std::size_t count) {
  const Floats d;
  for (std::size_t i = 0; i < count; i += kLanes)
    hn::Store(hn::Sqrt(hn::Load(d, power + i)), d, power + i);
}

const float* FinishFrame(const audio::SpectrogramOptions& options, const PackedFilterbank& bank,
                         SpectrumScratch& scratch, std::size_t count) {
  float* values = scratch.power.data();
  power_of(scratch.spectrum.data(), static_cast<std::size_t>(options.n_fft / 2 + 1), values);
  if (bank.filters() > 0) {
    filter(bank, values, scratch.filtered.data());
    values = scratch.filtered.data();
  }
  if (options.decibels)
    to_decibels(values, count);
  else if (options.output == audio::SpectrogramOptions::Output::magnitude)
    to_magnitude(values, count);
  return values;
}

}  // namespace segue::audio_signal::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace segue::audio_signal {

HWY_EXPORT(ApplyWindow);
HWY_EXPORT(FinishFrame);

PackedFilterbank::PackedFilterbank(const audio::Filterbank& filterbank) {
  offset.push_back(0);
  for (std::size_t i = 0; i < filterbank.first.size(); ++i) {
    const auto begin = filterbank.weights.begin() + filterbank.offset[i];
    const auto end = filterbank.weights.begin() + filterbank.offset[i + 1];
    weights.insert(weights.end(), begin, end);
    weights.resize(static_cast<std::size_t>(padded(static_cast<std::int64_t>(weights.size()))), 0.0f);
    first.push_back(filterbank.first[i]);
    offset.push_back(static_cast<std::int64_t>(weights.size()));
  }
}

SpectrumScratch::SpectrumScratch(std::int64_t n_fft, std::int64_t filters)
    : time(static_cast<std::size_t>(n_fft)),
      spectrum(static_cast<std::size_t>(2 * padded(n_fft / 2 + 1)), 0.0f),
      power(static_cast<std::size_t>(padded(n_fft / 2 + 1) + kPadding), 0.0f),
      filtered(static_cast<std::size_t>(padded(filters)), 0.0f) {}

void apply_window(std::span<const float> samples, const float* window, float* out) {
  HWY_DYNAMIC_DISPATCH(ApplyWindow)(samples.data(), window, samples.size(), out);
}

void finish_frame(const audio::SpectrogramOptions& options, const PackedFilterbank& filterbank,
                  SpectrumScratch& scratch, std::span<float> row) {
  std::copy_n(HWY_DYNAMIC_DISPATCH(FinishFrame)(options, filterbank, scratch, row.size()), row.size(), row.data());
}

}  // namespace segue::audio_signal
#endif
