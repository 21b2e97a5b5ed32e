// Copies from global to shared memory that do not pass through registers (PTX ISA, cp.async; sm_80 and later).
#pragma once

#include "cuda/core/kernel.hpp"

namespace segue::cuda {

/// Starts a copy of 4, 8 or 16 aligned bytes; where not `valid`, zeros are written and `global` is not read.
template <int kBytes>
__device__ inline void cp_async(void* shared, const void* global, bool valid = true) {
  static_assert(kBytes == 4 || kBytes == 8 || kBytes == 16);
#if defined(__CUDA_ARCH__)
  const unsigned address = static_cast<unsigned>(__cvta_generic_to_shared(shared));
  const int bytes = valid ? kBytes : 0;
  if constexpr (kBytes == 16)
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(address), "l"(global), "r"(bytes) : "memory");
  else
    asm volatile("cp.async.ca.shared.global [%0], [%1], %3, %2;" ::"r"(address), "l"(global), "r"(bytes), "n"(kBytes)
                 : "memory");
#elif defined(SEGUE_SIMT)
  if ((reinterpret_cast<std::uintptr_t>(shared) | reinterpret_cast<std::uintptr_t>(global)) % kBytes != 0)
    simt::detail::fail("cp_async: misaligned address", {__FILE__, __LINE__});
  simt::detail::async_copy(shared, global, valid ? kBytes : 0, valid ? 0 : kBytes);
#endif
}

/// Ends a group of this thread's copies.
__device__ inline void cp_async_commit() {
#if defined(__CUDA_ARCH__)
  asm volatile("cp.async.commit_group;" ::: "memory");
#elif defined(SEGUE_SIMT)
  simt::detail::async_commit();
#endif
}

/// Waits until all but the newest kKeep groups of this thread have landed; others see them after a barrier.
template <int kKeep>
__device__ inline void cp_async_wait() {
#if defined(__CUDA_ARCH__)
  asm volatile("cp.async.wait_group %0;" ::"n"(kKeep) : "memory");
#elif defined(SEGUE_SIMT)
  simt::detail::async_wait(kKeep);
#endif
}

}  // namespace segue::cuda
