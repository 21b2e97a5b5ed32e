#include "cuda/audio/slot_plan.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cuda/audio/frame_fft.hpp"
#include "segue/core/memory_plan.hpp"

namespace segue::cuda {
namespace {

constexpr std::int64_t kMostIntermediateBytes = 32 << 20;  // of an A100's L2 of 40 MB, an H100's of 50 MB
constexpr std::int64_t kMostSlotBytes = 64 << 20;
constexpr std::int64_t kAlignment = 256;

std::int64_t aligned(std::int64_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

/// @param advance  samples from the first frame's begin to the last's
SlotPlan plan_for(std::span<const audio::SpectrogramOptions> spectrograms, std::span<const std::int64_t> filters,
                  std::int64_t advance) {
  SlotPlan plan;
  plan.limits.samples = advance + reach_of(spectrograms);
  for (const audio::SpectrogramOptions& options : spectrograms) {
    const std::int64_t frames = FrameFft::rounded((advance + options.hop_length - 1) / options.hop_length);
    plan.limits.frames.push_back(frames);
    plan.frames_bytes = std::max(plan.frames_bytes, 4 * frames * options.n_fft);
    plan.spectra_bytes = std::max(plan.spectra_bytes, 4 * frames * (options.n_fft + 2));
    plan.sources.push_back(plan.bytes);
    plan.bytes = aligned(plan.bytes + static_cast<std::int64_t>(sizeof(FrameSource)) * frames);
  }
  plan.samples = plan.bytes;
  plan.bytes = aligned(plan.bytes + 4 * plan.limits.samples);
  for (std::size_t i = 0; i < spectrograms.size(); ++i) {
    plan.results.push_back(plan.bytes);
    plan.bytes = aligned(plan.bytes + 4 * plan.limits.frames[i] * filters[i]);
  }
  return plan;
}

MemoryPlan memory_of(const CudaContext& context, const SlotPlan& plan) {
  MemoryPlan memory(fmt::format("spectrogram on {}", context.name()));
  memory.add("samples and results", 2 * plan.bytes);
  memory.add("frames and spectra", plan.frames_bytes + plan.spectra_bytes);
  memory.add("cuFFT", plan.spectra_bytes);  // its workspace: as large as the spectra, or smaller
  return memory;
}

}  // namespace

SlotPlan plan_slots(const CudaContext& context, std::span<const audio::SpectrogramOptions> spectrograms,
                    std::span<const std::int64_t> filters) {
  const std::int64_t free = context.free_bytes();
  SlotPlan plan = plan_for(spectrograms, filters, 1);
  memory_of(context, plan).require(free, "free memory on the GPU or use --device cpu");
  for (std::int64_t advance = 2;; advance *= 2) {
    SlotPlan larger = plan_for(spectrograms, filters, advance);
    if (larger.frames_bytes + larger.spectra_bytes > kMostIntermediateBytes || larger.bytes > kMostSlotBytes ||
        memory_of(context, larger).total_bytes() > free / 2)
      return plan;
    plan = std::move(larger);
  }
}

}  // namespace segue::cuda
