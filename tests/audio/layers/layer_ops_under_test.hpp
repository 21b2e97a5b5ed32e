#pragma once

#include <memory>

#include "segue/audio/layer_ops.hpp"

namespace segue::audio {

/// The operations of the device that this test program was linked for; null: there is none.
std::unique_ptr<LayerOps> layer_ops_under_test();

}  // namespace segue::audio
