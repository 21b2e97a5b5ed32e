#include "cuda/core/device_query.hpp"

#include <cuda_runtime_api.h>
#include <fmt/format.h>

namespace segue::cuda {

DeviceQuery query_devices() {
  DeviceQuery query;
  const cudaError_t error = cudaGetDeviceCount(&query.count);
  if (error == cudaErrorInsufficientDriver)
    return {.count = 0,
            .problem = fmt::format("no NVIDIA driver, or one older than CUDA {}.{} needs", CUDART_VERSION / 1000,
                                   CUDART_VERSION % 1000 / 10)};
  if (error != cudaSuccess)
    return {.count = 0, .problem = fmt::format("no usable GPU or driver ({})", cudaGetErrorString(error))};
  if (query.count == 0)
    query.problem = "this machine has no GPU";
  return query;
}

}  // namespace segue::cuda
