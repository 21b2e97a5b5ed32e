// __pipeline_memcpy_async and friends: the copy lands at the wait, and the destination is garbage until then.
#pragma once
#include "simt/builtins.hpp"
inline void __pipeline_memcpy_async(void* dst, const void* src, std::size_t n, std::size_t zfill = 0) {
  ::segue::simt::detail::async_copy(dst, src, n - zfill, zfill);
}
inline void __pipeline_commit() { ::segue::simt::detail::async_commit(); }
inline void __pipeline_wait_prior(std::size_t n) { ::segue::simt::detail::async_wait(unsigned(n)); }
