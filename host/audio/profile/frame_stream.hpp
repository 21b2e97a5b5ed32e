#pragma once

#include <span>
#include <vector>

#include "segue/audio/spectrogram.hpp"

namespace segue::audio {

/// Samples on their way into a centred spectrogram: half a window of zeros stands before and after them, and what later
/// frames need is kept. Cut anywhere, the frames are those of the whole.
class FrameStream {
 public:
  explicit FrameStream(const SpectrogramOptions& options)
      : hop_(options.hop_length), padding_(static_cast<std::size_t>(options.n_fft / 2)), pending_(padding_) {}

  void add(std::span<const float> samples) { pending_.insert(pending_.end(), samples.begin(), samples.end()); }
  void finish() { pending_.resize(pending_.size() + padding_); }

  std::span<const float> pending() const { return pending_; }
  /// So many frames of pending() have been computed.
  void drop(std::int64_t frames) { pending_.erase(pending_.begin(), pending_.begin() + frames * hop_); }

 private:
  std::int64_t hop_;
  std::size_t padding_;
  std::vector<float> pending_;
};

/// The same transform for a FrameStream, which has put the zeros in already.
inline SpectrogramOptions uncentred(SpectrogramOptions options) {
  options.center = false;
  return options;
}

}  // namespace segue::audio
