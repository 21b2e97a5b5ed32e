#pragma once

#include <fftw3.h>

#include <memory>
#include <span>

namespace segue::audio_signal {

inline constexpr int kShortestTransform = 16, kLongestTransform = 65536;

/// @throws InvalidArgument  not a power of two times 1, 3 or 5, or out of range
void check_transform_length(int n_fft);

/// X(k) = Σₜ x(t)·exp(−2πi·kt/n) for 0 ≤ k ≤ n/2, by FFTW.
class RealFft {
 public:
  explicit RealFft(int n_fft);

  /// From any number of threads at once.
  /// @param time      [n_fft], 64-byte aligned, as all AlignedVectors are; destroyed
  /// @param spectrum  [2·(n_fft/2 + 1)], real and imaginary parts in turn; 64-byte aligned
  void transform(std::span<float> time, std::span<float> spectrum) const;

 private:
  struct DestroyPlan {
    void operator()(fftwf_plan_s* plan) const;
  };
  std::unique_ptr<fftwf_plan_s, DestroyPlan> plan_;
};

}  // namespace segue::audio_signal
