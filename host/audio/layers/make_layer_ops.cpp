#include "cuda/audio/layers/layer_ops_cuda.hpp"
#include "host/audio/layers/checked_layer_ops.hpp"
#include "host/audio/layers/layer_ops_cpu.hpp"
#include "segue/core/error.hpp"
#include "segue/core/log.hpp"

namespace segue::audio {
namespace {

/// A GPU without cuDNN is none here: nothing, where it was not asked for by name.
std::unique_ptr<LayerOps> on_gpu(Device requested, int index, Precision precision) {
  try {
    return cuda::make_layer_ops(index, precision);
  } catch (const DeviceUnavailable& error) {
    if (requested.kind != Device::Kind::automatic)
      throw;
    log::info("audio networks run on the CPU: {}", error.what());
    return nullptr;
  }
}

}  // namespace

std::unique_ptr<LayerOps> make_layer_ops(Device device, Precision precision) {
  std::unique_ptr<LayerOps> ops;
  if (const Device resolved = resolve(device).device; resolved.kind == Device::Kind::cuda)
    ops = on_gpu(device, resolved.index, precision);
  if (!ops && precision == Precision::float16)
    throw InvalidArgument("float16 needs a GPU; on the CPU networks run in float32");
  if (!ops)
    ops = std::make_unique<CpuLayerOps>();
  return std::make_unique<CheckedLayerOps>(std::move(ops));
}

}  // namespace segue::audio
