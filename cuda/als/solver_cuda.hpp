#pragma once

#include <cstdint>
#include <memory>

#include "segue/als/solver.hpp"

namespace segue::cuda {

/// als::make_solver() for GPU number `device`: the same vectors as the CPU engine's, to rounding.
/// @param most_bytes  of the GPU's memory to use; 0: what is free. Tests make rows stream with it
/// @throws DeviceUnavailable  no such GPU, no driver, no cuBLAS, a build without CUDA
/// @throws OutOfMemory        with the plan and what is free
std::unique_ptr<als::Solver> make_als_solver(int device, const data::CsrView& by_user, const data::CsrView& by_song,
                                             const als::Options& options, std::int64_t most_bytes = 0);

/// als::memory_plan() for it.
MemoryPlan als_host_memory_plan(int device, const data::CsrView& by_user, const als::Options& options);

}  // namespace segue::cuda
