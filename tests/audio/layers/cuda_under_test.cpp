#include "cuda/core/device_query.hpp"
#include "tests/audio/layers/layer_ops_under_test.hpp"

namespace segue::audio {

std::unique_ptr<LayerOps> layer_ops_under_test() {
  return cuda::query_devices().count == 0 ? nullptr : make_layer_ops({Device::Kind::cuda, 0});
}

}  // namespace segue::audio
