// Any bytes as JSON, at four block sizes and with two bounds on the record: never a crash, the same records and
// damage, every text within the content. As many records as nlohmann::json sees, where it takes the content for one
// array of objects.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/data/json/json_reader.hpp"
#include "segue/core/error.hpp"
#include "tests/data/json/memory_source.hpp"

namespace {

using segue::data::DamagedRecord;
using segue::data::JsonFormat;
using segue::data::JsonReader;
using segue::data::Record;

struct Content {
  std::string text;
  std::int64_t records = 0;
  bool refused = false;
  bool operator==(const Content&) const = default;
};

void require(bool holds) {
  if (!holds)
    std::abort();
}

std::string describe(std::string_view field) {
  return segue::data::is_missing(field) ? "missing|" : '"' + std::string(field) + "\"|";
}

Content read(std::string_view bytes, const JsonFormat& format) {
  Content content;
  try {
    JsonReader reader("fuzz", std::make_unique<segue::test::MemorySource>(bytes),
                      {"a", "a.b", "b", "b.c.d", "e\"", "a"}, format);
    const auto block = reader.make_block();
    std::int64_t line = 0;
    while (reader.next(*block)) {
      std::vector<std::pair<std::size_t, std::string_view>> fields;  // where each must stand, and its view
      block->for_each(
          [&](const Record& record) {
            require(record.line >= line && bytes.find(record.text) != std::string_view::npos);
            line = record.line;
            ++content.records;
            content.text += std::to_string(line) + ' ' + std::string(record.text) + '|';
            for (const std::string_view field : record.fields) {
              content.text += describe(field);
              fields.emplace_back(content.text.size(), field);
            }
          },
          [&](const DamagedRecord& damage) {
            require(damage.line >= line && bytes.find(damage.text) != std::string_view::npos);
            require(!damage.reason.empty());
            ++content.records;
            content.text +=
                std::to_string(damage.line) + ' ' + std::string(damage.text) + '|' + std::string(damage.reason) + '|';
          });
      for (const auto& [end, field] : fields)  // the views outlive the loop
        require(std::string_view(content.text).substr(0, end).ends_with(describe(field)));
    }
  } catch (const segue::BadInput&) {
    content.refused = true;
  }
  return content;
}

void compare_with_nlohmann(std::string_view bytes, std::int64_t records) {
  if (bytes.find('\0') != std::string_view::npos)  // its end of the input
    return;
  const nlohmann::json document = nlohmann::json::parse(bytes, nullptr, /*allow_exceptions=*/false);
  if (!document.is_array())
    return;
  for (const nlohmann::json& element : document)
    if (!element.is_object())
      return;
  require(records == static_cast<std::int64_t>(document.size()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const std::int64_t longest : {1 << 20, 40}) {
    const Content whole = read(bytes, {.block_bytes = 1 << 12, .longest_record_bytes = longest});
    for (const std::int64_t block_bytes : {1, 7, 64})
      require(read(bytes, {.block_bytes = block_bytes, .longest_record_bytes = longest}) == whole);
    if (longest > static_cast<std::int64_t>(size) && !whole.refused)
      compare_with_nlohmann(bytes, whole.records);
  }
  segue::data::first_json_keys(bytes);
  return 0;
}
