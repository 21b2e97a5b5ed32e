#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "segue/audio/spectrogram.hpp"

namespace segue::cuda {

/// Frames [begin, end) of one spectrogram of a clip.
struct FrameRange {
  std::int64_t begin = 0, end = 0;
  std::int64_t count() const { return end - begin; }
};

/// A piece of a clip, and the frames of each spectrogram that begin in it.
struct ChunkPiece {
  std::size_t clip = 0;
  std::int64_t first_sample = 0, samples = 0;  ///< all that the frames see
  std::int64_t offset = 0;                     ///< where they are among the chunk's samples
  std::vector<FrameRange> frames;              ///< by spectrogram
};

/// What goes through the device at once.
struct FrameChunk {
  std::vector<ChunkPiece> pieces;
  std::int64_t samples = 0;
  std::vector<std::int64_t> frames;  ///< by spectrogram
};

struct ChunkLimits {
  std::int64_t samples = 0;          ///< more than reach_of()
  std::vector<std::int64_t> frames;  ///< by spectrogram, at least 1
};

/// From the first sample that a frame sees to the last, at most: over all frames that begin at the same one.
std::int64_t reach_of(std::span<const audio::SpectrogramOptions> spectrograms);

/// All frames of all clips, in order.
std::vector<FrameChunk> chunks_of(std::span<const audio::SpectrogramOptions> spectrograms,
                                  std::span<const std::span<const float>> clips, const ChunkLimits& limits);

}  // namespace segue::cuda
