#pragma once

#include <cstdint>
#include <span>

#include "segue/audio/spectrogram.hpp"
#include "segue/core/aligned.hpp"

namespace segue::audio_signal {

/// Vectors are read and written whole: arrays are rounded up to this many floats.
inline constexpr std::int64_t kPadding = 16;
inline std::int64_t padded(std::int64_t floats) {
  return (floats + kPadding - 1) / kPadding * kPadding;
}

/// A filterbank whose filters are each padded with zeros to whole vectors.
struct PackedFilterbank {
  explicit PackedFilterbank(const audio::Filterbank& filterbank);
  std::int64_t filters() const { return static_cast<std::int64_t>(first.size()); }

  std::vector<std::int64_t> first;   ///< by filter: its first bin
  std::vector<std::int64_t> offset;  ///< by filter: where its weights begin; one more at the end
  AlignedVector<float> weights;
};

/// What one thread works in.
struct SpectrumScratch {
  explicit SpectrumScratch(std::int64_t n_fft, std::int64_t filters);

  AlignedVector<float> time;      ///< [n_fft]
  AlignedVector<float> spectrum;  ///< [2·padded(bins)]; zeros beyond the bins
  AlignedVector<float> power;  ///< [padded(bins) + kPadding]: a padded filter may reach as far; zeros beyond the bins
  AlignedVector<float> filtered;  ///< [padded(filters)]
};

/// out = samples · window
void apply_window(std::span<const float> samples, const float* window, float* out);

/// From scratch.spectrum to a row of the result: |X|², the filters, then what `options` asks for.
/// @param row  [filters], or [bins] without filters
void finish_frame(const audio::SpectrogramOptions& options, const PackedFilterbank& filterbank,
                  SpectrumScratch& scratch, std::span<float> row);

}  // namespace segue::audio_signal
