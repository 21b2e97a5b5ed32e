#include "host/audio/signal/spectrogram_setup.hpp"

#include <fmt/format.h>

#include "host/audio/signal/spectrogram_cpu.hpp"
#include "segue/core/error.hpp"

namespace segue::audio_signal {
namespace {

void check_options(const audio::SpectrogramOptions& options) {
  check_transform_length(options.n_fft);
  constexpr int kLongestHop = 1'000'000;
  if (options.hop_length < 1 || options.hop_length > kLongestHop)
    throw InvalidArgument(
        fmt::format("spectrogram: hop_length is {}, expected 1 to {}", options.hop_length, kLongestHop));
}

void check_filterbank(const audio::Filterbank& filterbank, int n_fft) {
  const std::int64_t bins = n_fft / 2 + 1;
  if (filterbank.bins != 0 && filterbank.bins != bins)
    throw InvalidArgument(fmt::format("spectrogram: the filterbank is for {} bins, expected {} (n_fft {})",
                                      filterbank.bins, bins, n_fft));
  if (filterbank.bins == 0 && filterbank.filters() == 0)
    return;
  if (filterbank.bins == 0 || filterbank.filters() == 0 || filterbank.offset.size() != filterbank.first.size() + 1 ||
      filterbank.offset.front() != 0 ||
      filterbank.offset.back() != static_cast<std::int64_t>(filterbank.weights.size()))
    throw InvalidArgument("spectrogram: the filterbank's bins, offsets and weights do not fit together");
  for (std::size_t i = 0; i < filterbank.first.size(); ++i) {
    const std::int64_t weights = filterbank.offset[i + 1] - filterbank.offset[i];
    if (weights < 0 || filterbank.first[i] < 0 || filterbank.first[i] + weights > bins)
      throw InvalidArgument(fmt::format("spectrogram: filter {} has {} weights from bin {}, expected within 0 to {}", i,
                                        weights, filterbank.first[i], bins - 1));
  }
}

}  // namespace

void check_setup(const audio::SpectrogramOptions& options, const audio::Filterbank& filterbank) {
  check_options(options);
  check_filterbank(filterbank, options.n_fft);
}

cuda::SpectrogramSetup gpu_setup(const audio::SpectrogramOptions& options, const audio::Filterbank& filterbank) {
  check_setup(options, filterbank);
  const AlignedVector<float> window = hann_window(options.n_fft);
  return {options, filterbank, {window.begin(), window.end()}};
}

}  // namespace segue::audio_signal
