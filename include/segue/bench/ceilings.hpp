#pragma once

#include <string>
#include <vector>

#include "segue/core/device.hpp"
#include "segue/core/progress.hpp"

namespace segue::bench {

/// Repeated measurements of one thing.
struct Spread {
  double median = 0;
  double least = 0;
  double most = 0;

  /// How far the measurements lie apart, as a share of the median.
  double relative() const { return median > 0 ? (most - least) / median : 0; }
};

/// @param values  at least one
Spread spread_of(std::vector<double> values);

/// What a device can do at most, measured in this run.
struct Ceilings {
  Spread copy;               ///< bytes/s of a copy of large arrays: bytes read and bytes written
  Spread product;            ///< FLOP/s of multiply-adds in registers (CPU), of a large matrix product (GPU)
  std::string copy_name;     ///< what was copied
  std::string product_name;  ///< which of these
  std::string device_name;   ///< "cuda:0 (NVIDIA H100 80GB HBM3)"; for the CPU its name and the threads
};

/// On the CPU: memcpy and fused multiply-adds on all threads. On a GPU: a copy within its memory, cuBLAS with float16
/// in and float32 sums. Takes a few seconds.
/// @throws OutOfMemory, DeviceUnavailable
Ceilings measure_ceilings(Device device, Progress& progress);

/// Returns when the device has done all that was asked of it.
void wait_for(Device device);

}  // namespace segue::bench
