// Any bytes as a Parquet file, all columns that can be read, in blocks of two sizes: never a crash, and the same
// records or a BadInput both times.
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/data/parquet/parquet_reader.hpp"
#include "segue/core/error.hpp"

namespace {

constexpr std::int64_t kMostRecords = 4096;  // a few bytes can stand for billions of nulls

// The records; none if the file is refused.
std::optional<std::string> read(std::string_view bytes, const std::vector<std::string>& columns,
                                std::int64_t block_records) {
  std::string seen;
  try {
    segue::data::ParquetReader reader(segue::data::ParquetBytes{"input", bytes}, columns,
                                      {.block_records = block_records});
    const auto block = reader.make_block();
    std::int64_t records = 0;
    const auto note = [&](const segue::data::Record& record) {
      if (record.line != ++records || record.fields.size() != columns.size())
        std::abort();
      for (const std::string_view field : record.fields) {
        seen += segue::data::is_missing(field) ? "-" : std::to_string(field.size());
        seen += field.substr(0, 100);
      }
    };
    while (records < kMostRecords && reader.next(*block))
      block->for_each(note, {});
  } catch (const segue::BadInput&) {
    return std::nullopt;
  }
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  std::vector<std::string> columns;
  try {
    columns = segue::data::parquet_columns(segue::data::ParquetBytes{"input", bytes});
  } catch (const segue::BadInput&) {
    return 0;
  }
  if (columns.empty() || columns.size() > 32)
    return 0;
  if (read(bytes, columns, 16) != read(bytes, columns, kMostRecords / 4))
    std::abort();
  return 0;
}
