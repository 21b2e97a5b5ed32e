#pragma once

#include <string>

namespace segue::cuda {

struct DeviceQuery {
  int count = 0;
  std::string problem;  ///< why there are none: no CUDA in this build, no driver, no GPU
};

/// Which GPUs this process can use. Never throws.
DeviceQuery query_devices();

}  // namespace segue::cuda
