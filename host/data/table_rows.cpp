#include "host/data/table_rows.hpp"

#include <fmt/format.h>

#include <utility>

#include "segue/core/text.hpp"

namespace segue::data {

void for_each_row(TableReader& table, double reject_limit, RejectLog& rejects, Progress& progress,
                  const std::function<std::optional<RowFault>(const Record&)>& visit) {
  const std::string file = table.path().string();
  const std::size_t width = table.columns().size();
  ProgressTask task(progress, fmt::format("read {}", table.path().filename().string()), table.file_bytes(), "bytes");
  std::int64_t rows = 0, rejected = 0, reported = 0;
  const auto reject = [&](std::int64_t line, std::string column, std::string_view value, std::string expected) {
    ++rejected;
    rejects.add({file, line, std::move(column), std::string(value), std::move(expected)});
  };
  TableBlock block;
  while (table.next(block)) {
    block.for_each(
        [&](const Record& record) {
          ++rows;
          if (record.fields.size() != width) {
            reject(record.line, "", record.text, wrong_field_count(width, record.fields.size()));
          } else if (std::optional<RowFault> fault = visit(record)) {
            const auto column = static_cast<std::size_t>(fault->column);
            reject(record.line, table.columns()[column], record.fields[column], std::move(fault->expected));
          }
        },
        [&](const DamagedRecord& record) {
          ++rows;
          reject(record.line, "", record.text, std::string(record.reason));
        });
    task.advance(block.file_position - std::exchange(reported, block.file_position));
  }
  rejects.check_limit(file, rejected, rows, reject_limit);
}

std::string wrong_field_count(std::size_t expected, std::size_t found) {
  return fmt::format("expected {} fields as in the header, there are {}", expected, found);
}

bool is_id(std::string_view text) {
  return !text.empty() && text.find('\0') == std::string_view::npos && is_valid_utf8(text);
}

}  // namespace segue::data
