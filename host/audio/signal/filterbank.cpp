#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "host/audio/signal/real_fft.hpp"
#include "segue/audio/spectrogram.hpp"
#include "segue/core/error.hpp"

namespace segue::audio {
namespace {

/// Slaney's scale: 3 mel to 200 Hz below 1 kHz, then 27 to a factor of 6.4.
const double kSlaneyStep = std::log(6.4) / 27;
constexpr double kSlaneyHzPerMel = 200.0 / 3, kSlaneyBreakHz = 1000, kSlaneyBreakMel = kSlaneyBreakHz / kSlaneyHzPerMel;

double mel_of(double hz, MelScale scale) {
  if (scale == MelScale::htk)
    return 2595 * std::log10(1 + hz / 700);
  return hz < kSlaneyBreakHz ? hz / kSlaneyHzPerMel : kSlaneyBreakMel + std::log(hz / kSlaneyBreakHz) / kSlaneyStep;
}

double hz_of(double mel, MelScale scale) {
  if (scale == MelScale::htk)
    return 700 * (std::pow(10, mel / 2595) - 1);
  return mel < kSlaneyBreakMel ? kSlaneyHzPerMel * mel
                               : kSlaneyBreakHz * std::exp(kSlaneyStep * (mel - kSlaneyBreakMel));
}

/// In Hz: 0 at `low` and `high`, 1 at `centre`.
struct Triangle {
  double low, centre, high;
  double at(double hz) const {
    return std::max(0.0, std::min((hz - low) / (centre - low), (high - hz) / (high - centre)));
  }
};

class FilterbankBuilder {
 public:
  FilterbankBuilder(int sample_rate, int n_fft) : hz_per_bin_(static_cast<double>(sample_rate) / n_fft) {
    bank_.bins = n_fft / 2 + 1;
    bank_.offset.push_back(0);
  }
  double hz_per_bin() const { return hz_per_bin_; }

  /// Its height is `scale`.
  void add(const Triangle& triangle, double scale) {
    Support bins = support_of(triangle);
    for (double& weight : bins.weights)
      weight *= scale;
    append(bins);
  }

  /// Its weights add up to 1; between two bins, the nearer one.
  void add_unit_sum(const Triangle& triangle) {
    Support bins = support_of(triangle);
    double sum = std::accumulate(bins.weights.begin(), bins.weights.end(), 0.0);
    if (sum == 0) {
      bins = {std::min<std::int64_t>(std::lround(triangle.centre / hz_per_bin_), bank_.bins - 1), {1.0}};
      sum = 1;
    }
    for (double& weight : bins.weights)
      weight /= sum;
    append(bins);
  }

  Filterbank take() { return std::move(bank_); }

 private:
  struct Support {
    std::int64_t first = 0;
    std::vector<double> weights;
  };

  Support support_of(const Triangle& triangle) const {
    Support result;
    const auto begin = static_cast<std::int64_t>(std::max(0.0, triangle.low / hz_per_bin_));
    const auto end = std::min(bank_.bins, static_cast<std::int64_t>(std::ceil(triangle.high / hz_per_bin_)));
    for (std::int64_t bin = begin; bin < end; ++bin) {
      const double weight = triangle.at(static_cast<double>(bin) * hz_per_bin_);
      if (weight > 0 && result.weights.empty())
        result.first = bin;
      if (weight > 0)
        result.weights.push_back(weight);
    }
    return result;
  }

  void append(const Support& bins) {
    bank_.first.push_back(static_cast<std::int32_t>(bins.first));
    bank_.weights.insert(bank_.weights.end(), bins.weights.begin(), bins.weights.end());
    bank_.offset.push_back(static_cast<std::int32_t>(bank_.weights.size()));
  }

  double hz_per_bin_;
  Filterbank bank_;
};

void check_bands(const char* what, int bands, int sample_rate, int n_fft) {
  constexpr int kMostBands = 4096;
  if (bands < 1 || bands > kMostBands)
    throw InvalidArgument(fmt::format("{}: {} bands, expected 1 to {}", what, bands, kMostBands));
  if (sample_rate < 1)
    throw InvalidArgument(fmt::format("{}: a sample rate of {} Hz, expected at least 1", what, sample_rate));
  audio_signal::check_transform_length(n_fft);
}

}  // namespace

Filterbank mel_filterbank(const MelOptions& options, int sample_rate, int n_fft) {
  check_bands("mel filterbank", options.bands, sample_rate, n_fft);
  const double f_max = options.f_max == 0 ? sample_rate / 2.0 : options.f_max;
  if (!(options.f_min >= 0 && options.f_min < f_max && f_max <= sample_rate / 2.0))
    throw InvalidArgument(
        fmt::format("mel filterbank: bands from {} to {} Hz, expected ascending within 0 to {} (half the sample rate)",
                    options.f_min, f_max, sample_rate / 2.0));
  const double low = mel_of(options.f_min, options.scale), high = mel_of(f_max, options.scale);
  const auto edge = [&](int i) { return hz_of(low + (high - low) * i / (options.bands + 1), options.scale); };
  FilterbankBuilder builder(sample_rate, n_fft);
  for (int band = 0; band < options.bands; ++band) {
    const Triangle triangle{edge(band), edge(band + 1), edge(band + 2)};
    if (options.norm == FilterNorm::unit_sum)
      builder.add_unit_sum(triangle);
    else
      builder.add(triangle, options.norm == FilterNorm::slaney ? 2 / (triangle.high - triangle.low) : 1);
  }
  return builder.take();
}

Filterbank log_frequency_filterbank(const LogFrequencyOptions& options, int sample_rate, int n_fft) {
  check_bands("log-frequency filterbank", options.bands, sample_rate, n_fft);
  if (options.bins_per_octave < 1 || !(options.f_min > 0))
    throw InvalidArgument(fmt::format("log-frequency filterbank: {} bins per octave from {} Hz, expected both above 0",
                                      options.bins_per_octave, options.f_min));
  const double ratio = std::exp2(1.0 / options.bins_per_octave);
  const auto centre = [&](int band) {
    return options.f_min * std::exp2(static_cast<double>(band) / options.bins_per_octave);
  };
  if (const double highest = centre(options.bands - 1); !(highest <= sample_rate / 2.0))
    throw InvalidArgument(fmt::format(
        "log-frequency filterbank: the highest of {} bands is {:.0f} Hz, expected at most {} (half the sample rate)",
        options.bands, highest, sample_rate / 2.0));
  FilterbankBuilder builder(sample_rate, n_fft);
  constexpr double kNarrowest = 0.75;  // bins
  for (int band = 0; band < options.bands; ++band) {
    const double middle = centre(band);
    const double width = std::max(middle - middle / ratio, kNarrowest * builder.hz_per_bin());
    builder.add_unit_sum({middle - width, middle, middle + width});
  }
  return builder.take();
}

}  // namespace segue::audio
