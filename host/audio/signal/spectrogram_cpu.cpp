#include "host/audio/signal/spectrogram_cpu.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>

#include "segue/core/parallel.hpp"

namespace segue::audio_signal {
namespace {

struct FrameBlock {
  std::size_t clip;
  std::int64_t begin, end;
};

/// Pieces of about a tenth of a millisecond.
std::vector<FrameBlock> blocks_of(std::span<const MatrixView<float>> out, int n_fft) {
  const std::int64_t frames = std::max(1, 131072 / n_fft);
  std::vector<FrameBlock> blocks;
  for (std::size_t clip = 0; clip < out.size(); ++clip)
    for (std::int64_t begin = 0; begin < out[clip].rows(); begin += frames)
      blocks.push_back({clip, begin, std::min(out[clip].rows(), begin + frames)});
  return blocks;
}

}  // namespace

AlignedVector<float> hann_window(int n_fft) {
  AlignedVector<float> window(static_cast<std::size_t>(n_fft));
  for (std::size_t t = 0; t < window.size(); ++t)
    window[t] = static_cast<float>(0.5 - 0.5 * std::cos(2 * std::numbers::pi * static_cast<double>(t) / n_fft));
  return window;
}

CpuSpectrogram::CpuSpectrogram(const audio::SpectrogramOptions& options, const audio::Filterbank& filterbank)
    : options_(options),
      filterbank_(filterbank),
      filters_(filterbank.filters() > 0 ? filterbank.filters() : options.n_fft / 2 + 1),
      window_(hann_window(options.n_fft)),
      fft_(options.n_fft) {}

void CpuSpectrogram::compute_checked(std::span<const std::span<const float>> clips,
                                     std::span<const MatrixView<float>> out) {
  const std::vector<FrameBlock> blocks = blocks_of(out, options_.n_fft);
  PerThread<std::optional<SpectrumScratch>> scratches;
  parallel_tasks(static_cast<std::int64_t>(blocks.size()), [&](std::int64_t i) {
    const FrameBlock& block = blocks[static_cast<std::size_t>(i)];
    std::optional<SpectrumScratch>& scratch = scratches.local();
    if (!scratch)
      scratch.emplace(options_.n_fft, filterbank_.filters());
    for (std::int64_t frame = block.begin; frame < block.end; ++frame)
      compute_frame(clips[block.clip], frame_begin(options_, frame), *scratch, out[block.clip].row(frame));
  });
}

void CpuSpectrogram::compute_frame(std::span<const float> clip, std::int64_t begin, SpectrumScratch& scratch,
                                   std::span<float> row) const {
  const auto samples = static_cast<std::int64_t>(clip.size());
  const std::int64_t from = std::clamp<std::int64_t>(-begin, 0, options_.n_fft);
  const std::int64_t to = std::clamp<std::int64_t>(samples - begin, from, options_.n_fft);
  std::fill_n(scratch.time.begin(), from, 0.0f);
  if (from < to)
    apply_window(clip.subspan(static_cast<std::size_t>(begin + from), static_cast<std::size_t>(to - from)),
                 window_.data() + from, scratch.time.data() + from);
  std::fill(scratch.time.begin() + to, scratch.time.end(), 0.0f);
  fft_.transform(scratch.time, scratch.spectrum);
  finish_frame(options_, filterbank_, scratch, row);
}

}  // namespace segue::audio_signal
