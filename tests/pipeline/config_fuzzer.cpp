#include <cstdlib>
#include <optional>

#include "segue/core/error.hpp"
#include "segue/pipeline/config.hpp"

namespace {

using namespace segue;

std::optional<pipeline::Config> parse(std::string_view text) {
  try {
    return pipeline::parse_config(text, "fuzz.toml");
  } catch (const BadInput&) {
    return std::nullopt;
  }
}

}  // namespace

// Any text is a configuration or a BadInput; a configuration prints as one that reads back to the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const auto config = parse({reinterpret_cast<const char*>(bytes), size});
  if (!config)
    return 0;
  const std::string printed = pipeline::to_toml(*config);
  const auto again = parse(printed);
  if (!again || pipeline::to_toml(*again) != printed)
    std::abort();
  return 0;
}
