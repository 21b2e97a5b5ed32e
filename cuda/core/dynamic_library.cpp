#include "cuda/core/dynamic_library.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include "segue/core/error.hpp"

namespace segue::cuda {

DynamicLibrary::DynamicLibrary(std::string title, const std::string& file) : title_(std::move(title)) {
  for (const std::string& path : {file, std::string(SEGUE_CUDA_LIBRARIES) + "/" + file})
    if (handle_ = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL); handle_ != nullptr)
      return;
  throw DeviceUnavailable(
      fmt::format("a GPU needs {} ({}); install the CUDA libraries, or name their folder in LD_LIBRARY_PATH, or use "
                  "--device cpu",
                  file, ::dlerror()));
}

void* DynamicLibrary::symbol(const char* name) const {
  void* const found = ::dlsym(handle_, name);
  if (found == nullptr)
    throw DeviceUnavailable(fmt::format("{} has no {}; use --device cpu", title_, name));
  return found;
}

}  // namespace segue::cuda
