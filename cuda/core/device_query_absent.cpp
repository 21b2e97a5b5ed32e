#include "cuda/core/device_query.hpp"

namespace segue::cuda {

DeviceQuery query_devices() {
  return {.count = 0, .problem = "this build of Segue has no CUDA (configure with -DSEGUE_CUDA=ON)"};
}

}  // namespace segue::cuda
