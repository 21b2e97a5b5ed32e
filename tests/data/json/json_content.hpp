#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/data/json/json_reader.hpp"
#include "tests/data/json/memory_source.hpp"

namespace segue::test {

using Fields = std::vector<std::optional<std::string>>;  // none: missing

struct JsonRow {
  std::int64_t line;
  std::string text;
  Fields fields;
  bool operator==(const JsonRow&) const = default;
};

struct JsonDamage {
  std::int64_t line;
  std::string text;
  std::string reason;
  bool operator==(const JsonDamage&) const = default;
};

/// In file order; a record's views are looked at when its whole block has been parsed.
struct JsonContent {
  std::vector<JsonRow> rows;
  std::vector<JsonDamage> damaged;
  bool operator==(const JsonContent&) const = default;
};

inline void PrintTo(const JsonRow& row, std::ostream* out) {
  *out << row.line << ": " << testing::PrintToString(row.text) << " " << testing::PrintToString(row.fields);
}

inline void PrintTo(const JsonDamage& damage, std::ostream* out) {
  *out << damage.line << ": " << testing::PrintToString(damage.text) << " (" << damage.reason << ")";
}

inline JsonContent read_json(data::RecordReader& reader) {
  JsonContent content;
  const auto block = reader.make_block();
  while (reader.next(*block)) {
    std::vector<data::Record> records;
    std::vector<std::string_view> fields;
    block->for_each(
        [&](const data::Record& record) {
          records.push_back(record);
          fields.insert(fields.end(), record.fields.begin(), record.fields.end());
        },
        [&](const data::DamagedRecord& damage) {
          content.damaged.push_back({damage.line, std::string(damage.text), std::string(damage.reason)});
        });
    const std::size_t columns = reader.columns().size();
    for (std::size_t i = 0; i < records.size(); ++i) {
      JsonRow& row = content.rows.emplace_back(JsonRow{records[i].line, std::string(records[i].text), {}});
      for (std::size_t column = 0; column < columns; ++column) {
        const std::string_view field = fields[i * columns + column];
        row.fields.push_back(data::is_missing(field) ? std::nullopt : std::optional<std::string>(field));
      }
    }
  }
  return content;
}

inline JsonContent read_json(std::string_view text, const std::vector<std::string>& keys,
                             const data::JsonFormat& format = {}) {
  data::JsonReader reader("listens.json", std::make_unique<MemorySource>(text), keys, format);
  return read_json(reader);
}

/// The fields of the records, without their lines and texts. A damaged one is a failure.
inline std::vector<Fields> fields_of(std::string_view text, const std::vector<std::string>& keys) {
  std::vector<Fields> fields;
  const JsonContent content = read_json(text, keys);
  EXPECT_EQ(content.damaged, std::vector<JsonDamage>());
  for (const JsonRow& row : content.rows)
    fields.push_back(row.fields);
  return fields;
}

/// Block sizes that end within everything.
inline constexpr std::int64_t kBlockBytes[] = {1, 2, 3, 7, 19, 64, 300, 1 << 20};

}  // namespace segue::test
