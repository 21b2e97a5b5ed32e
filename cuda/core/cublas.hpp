#pragma once

#include <cublas_v2.h>

namespace segue::cuda {

/// A function of cuBLAS, by name.  @throws DeviceUnavailable  cuBLAS cannot be loaded
void* cublas_symbol(const char* name);

/// @throws OutOfMemory, CudaError  with the call and the place
void check_cublas(cublasStatus_t status, const char* call, const char* file, int line);

}  // namespace segue::cuda

/// The function that the header's name stands for.
#define SEGUE_CUBLAS_QUOTE(name) #name
#define SEGUE_CUBLAS(name) reinterpret_cast<decltype(&name)>(::segue::cuda::cublas_symbol(SEGUE_CUBLAS_QUOTE(name)))
#define SEGUE_CUBLAS_CHECK(call) ::segue::cuda::check_cublas((call), #call, __FILE__, __LINE__)
