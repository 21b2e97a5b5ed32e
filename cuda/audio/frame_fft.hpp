#pragma once

#include <bit>
#include <cstdint>
#include <map>
#include <memory>

#include "cuda/core/context.hpp"
#include "cuda/core/device_buffer.hpp"

namespace segue::cuda {

/// X(k) = Σₜ x(t)·exp(−2πi·kt/n) for 0 ≤ k ≤ n/2, of many frames at once, by cuFFT.
class FrameFft {
 public:
  /// @param most_frames  that a call will have, a power of two
  /// @throws DeviceUnavailable  cuFFT cannot be loaded;  OutOfMemory
  FrameFft(const CudaContext& context, int n_fft, std::int64_t most_frames);
  ~FrameFft();
  FrameFft(const FrameFft&) = delete;
  FrameFft& operator=(const FrameFft&) = delete;

  /// How many frames are transformed where `frames` are asked for: the next power of two, so that plans are few.
  static std::int64_t rounded(std::int64_t frames) {
    return static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(frames)));
  }
  /// Queued on the context's stream.
  /// @param time      [rounded(frames) × n_fft]; those beyond `frames` may be anything
  /// @param spectrum  [rounded(frames) × (n_fft/2 + 1)]
  void transform(std::int64_t frames, float* time, float2* spectrum);

 private:
  struct Plan;
  Plan& plan_for(std::int64_t rounded_frames);

  const CudaContext& context_;
  int n_fft_;
  std::map<std::int64_t, std::unique_ptr<Plan>> plans_;  ///< by frames
  DeviceBuffer<std::byte> workspace_;                    ///< as large as any plan needs; they take turns
};

}  // namespace segue::cuda
