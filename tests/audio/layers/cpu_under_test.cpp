#include "tests/audio/layers/layer_ops_under_test.hpp"

namespace segue::audio {

std::unique_ptr<LayerOps> layer_ops_under_test() {
  return make_layer_ops(Device::cpu());
}

}  // namespace segue::audio
