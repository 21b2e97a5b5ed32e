// Any bytes as an ids.tsv: refused, or a table whose ids are all found again in their rows.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "segue/core/error.hpp"
#include "segue/data/id_table.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto ids = segue::data::parse_ids({reinterpret_cast<const char*>(data), size}, "input");
    for (std::int32_t row = 0; row < ids.size(); ++row)
      if (ids.find(ids.id(row)) != row)
        std::abort();
  } catch (const segue::BadInput&) {
    return 0;
  }
  return 0;
}
