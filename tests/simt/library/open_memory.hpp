#pragma once

#include "simt/engine.hpp"

namespace segue::cuda {

/// While it lives, the host may touch the interpreter's device memory: a twin of a library call is at work.
class OpenMemory {
 public:
  OpenMemory() { simt::detail::open_device_memory(); }
  ~OpenMemory() { simt::detail::close_device_memory(); }
  OpenMemory(const OpenMemory&) = delete;
  OpenMemory& operator=(const OpenMemory&) = delete;
};

}  // namespace segue::cuda
