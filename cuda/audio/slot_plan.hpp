#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cuda/audio/frame_chunks.hpp"
#include "cuda/core/context.hpp"

namespace segue::cuda {

/// Where a frame's samples are: frame(t) is samples[begin + t] for from ≤ t < to, and 0 in the padding around a clip.
struct FrameSource {
  std::int64_t begin;
  std::int32_t from, to;
};

/// How a chunk lies in a slot of memory, in bytes from its beginning: sources and samples go to the device, results
/// come back.
struct SlotPlan {
  ChunkLimits limits;
  std::vector<std::int64_t> sources;  ///< by spectrogram
  std::int64_t samples = 0;
  std::vector<std::int64_t> results;  ///< by spectrogram
  std::int64_t bytes = 0;
  std::int64_t frames_bytes = 0, spectra_bytes = 0;  ///< what one spectrogram's frames need beside the slots
};

/// The largest chunks whose frames and spectra stay in the L2 cache, or that fit into half of what is free.
/// @param filters  by spectrogram
/// @throws OutOfMemory  not even one frame at a time fits: both numbers
SlotPlan plan_slots(const CudaContext& context, std::span<const audio::SpectrogramOptions> spectrograms,
                    std::span<const std::int64_t> filters);

}  // namespace segue::cuda
