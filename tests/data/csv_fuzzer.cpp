// Any bytes as a table, plain or compressed, at two block sizes: never a crash, the same records, and every record's
// text lies in its block. Which fault is met first, the stream's or the header's, may differ.
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

#include "segue/core/error.hpp"
#include "segue/data/table_reader.hpp"
#include "tests/data/memory_file.hpp"

namespace {

using segue::data::DamagedRecord;
using segue::data::Record;

std::optional<std::string> read(const std::filesystem::path& path, std::int64_t block_bytes) {
  std::string seen;
  try {
    segue::data::TableReader reader(path, {.block_bytes = block_bytes, .longest_record_bytes = 64});
    segue::data::TableBlock block;
    while (reader.next(block)) {
      if (block.text.empty())
        std::abort();
      const auto note = [&](std::int64_t line, std::string_view text) {
        if (text.data() < block.text.data() || text.data() + text.size() > block.text.data() + block.text.size())
          std::abort();
        seen += std::to_string(line) + ' ' + std::string(text) + '\n';
      };
      block.for_each(
          [&](const Record& record) {
            note(record.line, record.text);
            for (const std::string_view field : record.fields)
              seen += std::string(field) + '|';
          },
          [&](const DamagedRecord& record) { note(record.line, record.text); });
    }
  } catch (const segue::BadInput&) {
    return std::nullopt;
  }
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static segue::test::MemoryFile input;
  input.set(data, size);
  const std::optional<std::string> fine = read(input.path(), 1), coarse = read(input.path(), 4096);
  if (fine && coarse && *fine != *coarse)
    std::abort();
  return 0;
}
