#pragma once

#include <cuda_runtime_api.h>

#include <string>

#include "segue/core/error.hpp"

namespace segue::cuda {

/// A call of CUDA or of one of its libraries failed: the message has the call, the place and the error's name.
class CudaError : public Error {
 public:
  using Error::Error;
};

/// @throws OutOfMemory  for cudaErrorMemoryAllocation;  CudaError  for any other error
void check_cuda(cudaError_t status, const char* call, const char* file, int line);

}  // namespace segue::cuda

#define SEGUE_CUDA_CHECK(call) ::segue::cuda::check_cuda((call), #call, __FILE__, __LINE__)
