#pragma once

#include <string>

namespace segue::cuda {

/// One of CUDA's libraries, loaded when a function of it is first asked for, so that programs start without it: linked,
/// cuBLAS alone would cost each start 0.07 s and 200 MB.
class DynamicLibrary {
 public:
  /// @param title  for messages, such as "cuBLAS"
  /// @param file   such as "libcublas.so.13"; looked for as the system does, then where this was built
  /// @throws DeviceUnavailable  it cannot be loaded: why, and what to do
  DynamicLibrary(std::string title, const std::string& file);

  /// @throws DeviceUnavailable  there is no such function
  void* symbol(const char* name) const;

 private:
  std::string title_;
  void* handle_ = nullptr;  ///< to the end of the process: handles of the library's outlive any place to close it
};

}  // namespace segue::cuda
