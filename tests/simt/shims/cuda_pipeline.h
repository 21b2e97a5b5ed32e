// __pipeline_memcpy_async and its kin: the copy lands at the wait, and the target is garbage until then.
#pragma once
#include "simt/builtins.hpp"

inline void __pipeline_memcpy_async(void* to, const void* from, std::size_t bytes, std::size_t zeros = 0) {
  segue::simt::detail::async_copy(to, from, bytes - zeros, zeros);
}
inline void __pipeline_commit() {
  segue::simt::detail::async_commit();
}
inline void __pipeline_wait_prior(std::size_t keep) {
  segue::simt::detail::async_wait(static_cast<unsigned>(keep));
}
