#pragma once

#include <cufft.h>

namespace segue::cuda {

/// A function of cuFFT, by name.  @throws DeviceUnavailable  cuFFT cannot be loaded
void* cufft_symbol(const char* name);

/// @throws OutOfMemory, CudaError  with the call and the place
void check_cufft(cufftResult status, const char* call, const char* file, int line);

}  // namespace segue::cuda

/// The function that the header's name stands for.
#define SEGUE_CUFFT(name) reinterpret_cast<decltype(&name)>(::segue::cuda::cufft_symbol(#name))
#define SEGUE_CUFFT_CHECK(call) ::segue::cuda::check_cufft((call), #call, __FILE__, __LINE__)
