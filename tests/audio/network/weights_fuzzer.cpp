#include <cstdlib>

#include "segue/audio/weights.hpp"
#include "segue/core/error.hpp"

// Bytes either are weights, every tensor of which has as many values as its shape says, or are refused in one line.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace segue;
  try {
    const audio::Weights weights = audio::parse_weights({bytes, size}, "input");
    for (const auto& [name, tensor] : weights.tensors)
      if (static_cast<std::size_t>(tensor.shape.size()) != tensor.values.size())
        std::abort();
  } catch (const BadInput& error) {
    if (std::string_view(error.what()).find('\n') != std::string_view::npos)
      std::abort();
  }
  return 0;
}
