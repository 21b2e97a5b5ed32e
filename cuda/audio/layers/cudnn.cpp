#include "cuda/audio/layers/cudnn.hpp"

#include <fmt/format.h>

#include <string>

#include "cuda/core/check.hpp"
#include "cuda/core/dynamic_library.hpp"
#include "segue/core/error.hpp"

namespace segue::cuda {

void* cudnn_symbol(const char* name) {
  static const DynamicLibrary library("cuDNN", fmt::format("libcudnn.so.{}", CUDNN_MAJOR));
  return library.symbol(name);
}

void check_cudnn(cudnnStatus_t status, const char* call, const char* file, int line) {
  if (status == CUDNN_STATUS_SUCCESS)
    return;
  const std::string message =
      fmt::format("{} at {}:{}: {}", call, file, line, SEGUE_CUDNN(cudnnGetErrorString)(status));
  if (status == CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED ||
      status == CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED)
    throw OutOfMemory(message);
  throw CudaError(message);
}

}  // namespace segue::cuda
