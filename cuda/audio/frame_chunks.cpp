#include "cuda/audio/frame_chunks.hpp"

#include <algorithm>

namespace segue::cuda {
namespace {

/// Those with begin ≤ t·hop_length < end.
FrameRange frames_between(const audio::SpectrogramOptions& options, std::int64_t clip_samples, std::int64_t begin,
                          std::int64_t end) {
  const std::int64_t frames = frame_count(options, clip_samples);
  const auto first_from = [&](std::int64_t at) {
    return std::min(frames, (at + options.hop_length - 1) / options.hop_length);
  };
  return {first_from(begin), first_from(end)};
}

class Chunker {
 public:
  Chunker(std::span<const audio::SpectrogramOptions> spectrograms, const ChunkLimits& limits)
      : spectrograms_(spectrograms), limits_(limits) {
    reach_ = reach_of(spectrograms);
  }

  void add(std::size_t clip, std::int64_t samples) {
    for (std::int64_t at = 0; at <= samples;) {
      if (room() < 1)
        start_chunk();
      const std::int64_t end = std::min(samples + 1, at + room());
      add_piece(clip, samples, at, end);
      at = end;
    }
  }

  std::vector<FrameChunk> take() {
    if (!chunk_.pieces.empty())
      start_chunk();
    return std::move(chunks_);
  }

 private:
  /// How many samples further the next piece may go; each of its frames begins there, but may see reach_ more.
  std::int64_t room() const {
    std::int64_t result = limits_.samples - chunk_.samples - reach_;
    for (std::size_t i = 0; i < spectrograms_.size(); ++i)
      result = std::min(result, (limits_.frames[i] - chunk_.frames[i]) * spectrograms_[i].hop_length);
    return result;
  }

  void add_piece(std::size_t clip, std::int64_t clip_samples, std::int64_t begin, std::int64_t end) {
    ChunkPiece piece;
    std::int64_t first = clip_samples, last = 0;
    bool has_frames = false;
    for (const audio::SpectrogramOptions& options : spectrograms_) {
      const FrameRange frames = frames_between(options, clip_samples, begin, end);
      piece.frames.push_back(frames);
      if (frames.count() == 0)
        continue;
      has_frames = true;
      first = std::min(first, frame_begin(options, frames.begin));
      last = std::max(last, frame_begin(options, frames.end - 1) + options.n_fft);
    }
    if (!has_frames)
      return;
    piece.clip = clip;
    piece.first_sample = std::max<std::int64_t>(first, 0);
    piece.samples = std::max<std::int64_t>(0, std::min(last, clip_samples) - piece.first_sample);
    piece.offset = chunk_.samples;
    chunk_.samples += piece.samples;
    for (std::size_t i = 0; i < spectrograms_.size(); ++i)
      chunk_.frames[i] += piece.frames[i].count();
    chunk_.pieces.push_back(std::move(piece));
  }

  void start_chunk() {
    chunks_.push_back(std::move(chunk_));
    chunk_ = {};
    chunk_.frames.assign(spectrograms_.size(), 0);
  }

  std::span<const audio::SpectrogramOptions> spectrograms_;
  const ChunkLimits& limits_;
  std::int64_t reach_ = 0;
  FrameChunk chunk_ = {{}, 0, std::vector<std::int64_t>(spectrograms_.size(), 0)};
  std::vector<FrameChunk> chunks_;
};

}  // namespace

std::int64_t reach_of(std::span<const audio::SpectrogramOptions> spectrograms) {
  std::int64_t back = 0, ahead = 0;
  for (const audio::SpectrogramOptions& options : spectrograms) {
    back = std::max(back, -frame_begin(options, 0));
    ahead = std::max(ahead, frame_begin(options, 0) + options.n_fft);
  }
  return back + ahead;
}

std::vector<FrameChunk> chunks_of(std::span<const audio::SpectrogramOptions> spectrograms,
                                  std::span<const std::span<const float>> clips, const ChunkLimits& limits) {
  Chunker chunker(spectrograms, limits);
  for (std::size_t clip = 0; clip < clips.size(); ++clip)
    chunker.add(clip, static_cast<std::int64_t>(clips[clip].size()));
  return chunker.take();
}

}  // namespace segue::cuda
