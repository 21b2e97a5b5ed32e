#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace segue::cuda {

/// Measurements of a GPU's ceilings, each repeated and timed by events after a warm-up.
struct CeilingSamples {
  std::vector<double> copy_bytes_per_second;  ///< bytes read and bytes written
  std::vector<double> product_flops;
  std::int64_t copied_bytes = 0;
  std::int64_t product_size = 0;
  std::string device_name;
};

/// A copy within the device's memory (2 GB, less where less is free); cublasGemmEx of random float16 matrices with
/// float32 sums, 8192 × 8192 × 8192.
/// @throws DeviceUnavailable, OutOfMemory, CudaError
CeilingSamples sample_ceilings(int device);

/// Returns when the device has done all that was queued.
void wait_for(int device);

}  // namespace segue::cuda
