#include "cuda/bench/ceilings.hpp"
#include "cuda/core/device_query.hpp"
#include "segue/core/error.hpp"

namespace segue::cuda {

CeilingSamples sample_ceilings(int) {
  throw DeviceUnavailable("bench: " + query_devices().problem);
}

void wait_for(int) {
  throw DeviceUnavailable("bench: " + query_devices().problem);
}

}  // namespace segue::cuda
