#include <cstdlib>

#include "segue/core/date.hpp"

// What parses as a time prints as one that parses to the same second.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace segue;
  const auto seconds = parse_timestamp({reinterpret_cast<const char*>(bytes), size});
  if (seconds && parse_timestamp(format_timestamp(*seconds)) != seconds)
    std::abort();
  return 0;
}
