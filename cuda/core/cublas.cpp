#include "cuda/core/cublas.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <string>

#include "cuda/core/check.hpp"
#include "segue/core/error.hpp"

namespace segue::cuda {
namespace {

void* library() {
  static void* const loaded = [] {
    const std::string name = fmt::format("libcublas.so.{}", CUBLAS_VER_MAJOR);
    // From where this was built if the system knows of none.
    for (const std::string& path : {name, std::string(SEGUE_CUDA_LIBRARIES) + "/" + name})
      if (void* const handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL))
        return handle;
    throw DeviceUnavailable(
        fmt::format("a GPU needs {} ({}); install the CUDA libraries, or name their folder in LD_LIBRARY_PATH, or use "
                    "--device cpu",
                    name, ::dlerror()));
  }();
  return loaded;
}

}  // namespace

void* cublas_symbol(const char* name) {
  void* const found = ::dlsym(library(), name);
  if (found == nullptr)
    throw DeviceUnavailable(fmt::format("cuBLAS has no {}; use --device cpu", name));
  return found;
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
