#include "cuda/core/device_query.hpp"
#include "cuda/search/flat_search.hpp"
#include "segue/core/device.hpp"
#include "segue/core/error.hpp"

namespace segue::cuda {

std::unique_ptr<FlatSearch> make_flat_search(int device, MatrixView<const float>, segue::search::Metric, bool) {
  throw DeviceUnavailable("device " + Device{Device::Kind::cuda, device}.to_string() + ": " + query_devices().problem +
                          "; use --device cpu");
}

}  // namespace segue::cuda
