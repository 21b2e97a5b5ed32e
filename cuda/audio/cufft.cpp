#include "cuda/audio/cufft.hpp"

#include <fmt/format.h>

#include "cuda/core/check.hpp"
#include "cuda/core/dynamic_library.hpp"

namespace segue::cuda {

void* cufft_symbol(const char* name) {
  static const DynamicLibrary library("cuFFT", fmt::format("libcufft.so.{}", CUFFT_VER_MAJOR));
  return library.symbol(name);
}

void check_cufft(cufftResult status, const char* call, const char* file, int line) {
  if (status == CUFFT_SUCCESS)
    return;
  const std::string message = fmt::format("{} at {}:{}: cuFFT status {}", call, file, line, static_cast<int>(status));
  if (status == CUFFT_ALLOC_FAILED)
    throw OutOfMemory(message);
  throw CudaError(message);
}

}  // namespace segue::cuda
