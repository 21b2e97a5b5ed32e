#pragma once

#include <cstddef>

namespace segue::audio {

/// The widest vector: what interpolated_peak() may read before `samples`.
constexpr std::size_t kMostLanes = 16;

/// max over phase p and 0 ≤ i < count of |Σₖ phases[p][k] · samples[i + k]|.
/// @param samples  [count + taps − 1]; the kMostLanes values before it are read too, and must be the signal's
float interpolated_peak(const float* samples, std::size_t count, const float* phases, std::size_t phase_count,
                        std::size_t taps);

}  // namespace segue::audio
