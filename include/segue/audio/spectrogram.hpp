#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "segue/core/device.hpp"
#include "segue/core/matrix.hpp"

namespace segue::audio {

/// Rows of triangular (or other) weights over the bins of a spectrum, each kept from its first to its last bin that is
/// not 0.
struct Filterbank {
  std::int64_t bins = 0;             ///< of the spectrum: n_fft/2 + 1
  std::vector<std::int32_t> first;   ///< by filter: its first bin
  std::vector<std::int32_t> offset;  ///< by filter: where its weights begin; one more at the end
  std::vector<float> weights;
  std::int64_t filters() const { return static_cast<std::int64_t>(first.size()); }
};

enum class MelScale { slaney, htk };
/// slaney: each filter's area in Hz is 1 (librosa's norm="slaney"); unit_sum: its weights add up to 1.
enum class FilterNorm { none, slaney, unit_sum };

struct MelOptions {
  int bands = 128;
  double f_min = 0;  ///< Hz
  double f_max = 0;  ///< Hz; 0: half the sample rate
  MelScale scale = MelScale::slaney;
  FilterNorm norm = FilterNorm::slaney;
};

/// As librosa.filters.mel (Slaney 1998 or HTK's scale). With unit_sum, a filter narrower than a bin takes the nearest
/// bin; otherwise it may be empty, as in librosa.
/// @throws InvalidArgument  no bands, n_fft out of range, 0 ≤ f_min < f_max ≤ sample_rate/2 does not hold
Filterbank mel_filterbank(const MelOptions& options, int sample_rate, int n_fft);

struct LogFrequencyOptions {
  int bands = 168;
  int bins_per_octave = 24;
  double f_min = 32.703;  ///< Hz: C1
};

/// Triangles, one a bin of the logarithmic axis, weights adding up to 1. On either side as wide as the way to the bin
/// below, and at low frequencies no narrower than 0.75 bins of the spectrum.
/// @throws InvalidArgument  no bands, n_fft out of range, the highest band lies above half the sample rate
Filterbank log_frequency_filterbank(const LogFrequencyOptions& options, int sample_rate, int n_fft);

struct SpectrogramOptions {
  int n_fft = 2048;      ///< window (Hann, periodic) and transform length; a power of two times 1, 3 or 5, 16–65536
  int hop_length = 512;  ///< samples, 1–1000000
  bool center = true;    ///< frame t is centred on sample t·hop_length; the ends are padded with zeros
  enum class Output { power, magnitude } output = Output::power;  ///< magnitude: √ of the filtered power
  bool decibels = false;  ///< 10·log10(max(1e-10, power)) = 20·log10(max(1e-5, magnitude)): the same for either output
};

/// center: 1 + samples/hop_length; else 1 + (samples − n_fft)/hop_length, at least 0.
inline std::int64_t frame_count(const SpectrogramOptions& options, std::int64_t samples) {
  if (options.center)
    return 1 + samples / options.hop_length;
  return samples < options.n_fft ? 0 : 1 + (samples - options.n_fft) / options.hop_length;
}

/// The first sample of a frame; before 0 for those that begin in the padding.
inline std::int64_t frame_begin(const SpectrogramOptions& options, std::int64_t frame) {
  return frame * options.hop_length - (options.center ? options.n_fft / 2 : 0);
}

/// Short-time Fourier transform, |·|², filterbank: [frames × filters] for each clip. On the CPU by FFTW, real to
/// complex, frames in parallel; on the GPU by cuFFT in batches.
class Spectrogram {
 public:
  virtual ~Spectrogram() = default;
  virtual const SpectrogramOptions& options() const = 0;
  virtual std::int64_t filters() const = 0;
  std::int64_t frames(std::int64_t samples) const { return frame_count(options(), samples); }
  /// Each frame's values depend on its samples alone: not on the other clips or the thread count. Runs in parallel:
  /// call it from no parallel loop.
  /// @param out  out[i] is [frames(clips[i].size()) × filters()]
  /// @throws InvalidArgument  one of another shape
  void compute(std::span<const std::span<const float>> clips, std::span<const MatrixView<float>> out);

 private:
  virtual void compute_checked(std::span<const std::span<const float>> clips,
                               std::span<const MatrixView<float>> out) = 0;
};

/// An empty filterbank (bins 0) leaves the spectrum as it is: filters() = n_fft/2 + 1.
/// @throws DeviceUnavailable; InvalidArgument  options out of range, a filterbank of another n_fft
std::unique_ptr<Spectrogram> make_spectrogram(Device device, const SpectrogramOptions& options, Filterbank filterbank);

}  // namespace segue::audio
