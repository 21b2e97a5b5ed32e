// AddressSanitizer's hooks, nothing without it. The interpreter itself is not instrumented: CMake says what kernels
// are.
#pragma once

#if defined(SEGUE_SIMT_ASAN)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

#include <cstddef>

namespace segue::simt::detail {

#if defined(SEGUE_SIMT_ASAN)
inline constexpr std::size_t kStackBytes = std::size_t{256} << 10;
inline void poison(void* start, std::size_t bytes) {
  __asan_poison_memory_region(start, bytes);
}
inline void unpoison(void* start, std::size_t bytes) {
  __asan_unpoison_memory_region(start, bytes);
}
#else
inline constexpr std::size_t kStackBytes = std::size_t{64} << 10;
inline void poison(void*, std::size_t) {}
inline void unpoison(void*, std::size_t) {}
#endif

}  // namespace segue::simt::detail
