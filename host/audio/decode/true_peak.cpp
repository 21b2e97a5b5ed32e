#include "host/audio/decode/true_peak.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "host/audio/decode/true_peak_kernel.hpp"

namespace segue::audio {
namespace {

constexpr int kTaps = 49;
constexpr std::size_t kPieceFrames = 4096;

// h[j] = sinc((j − 24) / factor) · Hann(j)
double tap(int j, int factor) {
  const double centred = std::numbers::pi * (j - (kTaps - 1) / 2) / factor;
  const double sinc = centred == 0 ? 1 : std::sin(centred) / centred;
  return sinc * 0.5 * (1 - std::cos(2 * std::numbers::pi * j / (kTaps - 1)));
}

}  // namespace

TruePeak::TruePeak(int channels, int sample_rate) : channels_(static_cast<std::size_t>(channels)) {
  const int factor = sample_rate < 96'000 ? 4 : sample_rate < 192'000 ? 2 : 1;
  // Phase 0 holds the middle tap and zeros: the samples themselves. The others have (kTaps − 1) / factor taps each.
  taps_ = factor == 1 ? 0 : static_cast<std::size_t>((kTaps - 1) / factor);
  for (int phase = 1; phase < factor; ++phase)
    for (int j = kTaps - 1 - factor + phase; j >= 0; j -= factor)
      phases_.push_back(static_cast<float>(tap(j, factor)));
  history_ = kMostLanes + taps_;
  lines_.assign(channels_, std::vector<float>(history_));
}

void TruePeak::add(std::span<const float> interleaved) {
  while (!interleaved.empty()) {
    const std::size_t count = std::min(interleaved.size(), kPieceFrames * channels_);
    add_piece(interleaved.first(count));
    interleaved = interleaved.subspan(count);
  }
}

void TruePeak::add_piece(std::span<const float> interleaved) {
  const std::size_t frames = interleaved.size() / channels_;
  for (const float sample : interleaved)
    peak_ = std::max(peak_, std::abs(sample));
  if (taps_ == 0)
    return;
  for (std::size_t channel = 0; channel < channels_; ++channel) {
    std::vector<float>& line = lines_[channel];
    line.resize(history_ + frames);
    for (std::size_t frame = 0; frame < frames; ++frame)
      line[history_ + frame] = interleaved[frame * channels_ + channel];
    // The filter's window ends with the sample that has come in.
    const float* first = line.data() + history_ - (taps_ - 1);
    peak_ = std::max(peak_, interpolated_peak(first, frames, phases_.data(), phases_.size() / taps_, taps_));
    line.erase(line.begin(), line.end() - static_cast<std::ptrdiff_t>(history_));
  }
}

}  // namespace segue::audio
