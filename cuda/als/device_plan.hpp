#pragma once

#include <cstdint>

#include "cuda/core/context.hpp"
#include "segue/als/solver.hpp"
#include "segue/core/memory_plan.hpp"

namespace segue::cuda {

/// What an ALS solver keeps where.
struct DevicePlan {
  bool resident = true;           ///< matrices and vectors are on the device; else their rows pass through
  std::int64_t slot_bytes = 0;    ///< of each of the two slots that they pass through
  std::int64_t gather_bytes = 0;  ///< of the copy that is gathered from; 0: the vectors themselves are
  MemoryPlan memory{"als"};       ///< of the device: every allocation
};

/// The plan with everything on the device.
DevicePlan resident_plan(const CudaContext& context, const data::CsrView& by_user, const als::Options& options);

/// The plan with slots as large as `available` bytes allow and is useful. Where even the least does not fit, the plan
/// has that, and memory.require() says so.
DevicePlan streamed_plan(const CudaContext& context, const data::CsrView& by_user, const data::CsrView& by_song,
                         const als::Options& options, std::int64_t available);

/// Of what is free: the rest is for CUDA's own allocations, such as the code of kernels.
constexpr std::int64_t usable_bytes(std::int64_t free) {
  return free - free / 32;
}

/// Larger slots would make nothing faster: 5 to 10 ms of copying.
inline constexpr std::int64_t kMostSlotBytes = 256 << 20;

}  // namespace segue::cuda
