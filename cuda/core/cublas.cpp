#include "cuda/core/cublas.hpp"

#include <fmt/format.h>

#include <string>

#include "cuda/core/check.hpp"
#include "cuda/core/dynamic_library.hpp"
#include "segue/core/error.hpp"

namespace segue::cuda {

void* cublas_symbol(const char* name) {
  static const DynamicLibrary library("cuBLAS", fmt::format("libcublas.so.{}", CUBLAS_VER_MAJOR));
  return library.symbol(name);
}

void check_cublas(cublasStatus_t status, const char* call, const char* file, int line) {
  if (status == CUBLAS_STATUS_SUCCESS)
    return;
  const std::string message = fmt::format("{} at {}:{}: cuBLAS status {}", call, file, line, static_cast<int>(status));
  if (status == CUBLAS_STATUS_ALLOC_FAILED)
    throw OutOfMemory(message);
  throw CudaError(message);
}

}  // namespace segue::cuda
