#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "segue/audio/layer_ops.hpp"

namespace segue::audio {

struct WeightTensor {
  Shape shape;
  std::vector<float> values;
};

/// A network's parameters by name, and what is known about them (front end, calibration, training, data, licence).
struct Weights {
  std::map<std::string, WeightTensor> tensors;
  std::map<std::string, std::string> metadata;
};

/// The safetensors format (Hugging Face): float32 and float16 tensors of up to four dimensions.
/// @throws IoError; BadInput  not such a file, truncated, offsets that overlap or leave it, another type: what and
/// where
Weights read_weights(const std::filesystem::path& path);
Weights parse_weights(std::span<const std::uint8_t> bytes, const std::string& name);

/// Through AtomicFile; the same weights give the same bytes.  @throws IoError
void write_weights(const std::filesystem::path& path, const Weights& weights);

}  // namespace segue::audio
