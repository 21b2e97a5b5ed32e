#include "cuda/core/device_query.hpp"
#include "cuda/search/ivf_search.hpp"
#include "segue/core/device.hpp"
#include "segue/core/error.hpp"

namespace segue::cuda {

std::unique_ptr<IvfSearch> make_ivf_search(int device, MatrixView<const float>, std::span<const std::int32_t>,
                                           std::span<const std::int64_t>, segue::search::Metric, bool) {
  throw DeviceUnavailable("device " + Device{Device::Kind::cuda, device}.to_string() + ": " + query_devices().problem +
                          "; use --device cpu");
}

}  // namespace segue::cuda
