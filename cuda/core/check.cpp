#include "cuda/core/check.hpp"

#include <fmt/format.h>

namespace segue::cuda {

void check_cuda(cudaError_t status, const char* call, const char* file, int line) {
  if (status == cudaSuccess)
    return;
  const std::string message =
      fmt::format("{} at {}:{}: {} ({})", call, file, line, cudaGetErrorName(status), cudaGetErrorString(status));
  if (status == cudaErrorMemoryAllocation)
    throw OutOfMemory(message);
  throw CudaError(message);
}

}  // namespace segue::cuda
