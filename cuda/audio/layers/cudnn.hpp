#pragma once

#include <cudnn.h>

namespace segue::cuda {

/// A function of cuDNN, by name; loaded when first asked for, as cuda/core/cublas.hpp does.
/// @throws DeviceUnavailable  cuDNN cannot be loaded: why, and what to do
void* cudnn_symbol(const char* name);

/// @throws OutOfMemory, CudaError  with the call and the place
void check_cudnn(cudnnStatus_t status, const char* call, const char* file, int line);

}  // namespace segue::cuda

#define SEGUE_CUDNN_QUOTE(name) #name
#define SEGUE_CUDNN(name) reinterpret_cast<decltype(&name)>(::segue::cuda::cudnn_symbol(SEGUE_CUDNN_QUOTE(name)))
#define SEGUE_CUDNN_CHECK(call) ::segue::cuda::check_cudnn((call), #call, __FILE__, __LINE__)
