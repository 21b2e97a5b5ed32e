// Any bytes as a .npy file: refused, or a header whose data are all there.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "segue/core/error.hpp"
#include "segue/core/npy.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto header = segue::parse_npy_header({reinterpret_cast<const char*>(data), size}, "input");
    std::int64_t items = 1;
    for (const std::int64_t extent : header.shape)
      items *= extent;
    if (header.data_offset > size || items < 0 || static_cast<std::size_t>(items) * 4 > size - header.data_offset)
      std::abort();
  } catch (const segue::Error&) {
    return 0;
  }
  return 0;
}
