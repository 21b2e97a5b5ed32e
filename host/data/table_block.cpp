#include <algorithm>
#include <string>

#include "host/data/record_scanner.hpp"
#include "segue/data/table_reader.hpp"

namespace segue::data {
namespace {

std::int64_t count_lines(std::string_view text) {
  return std::count(text.begin(), text.end(), '\n');
}

std::string unescape(std::string_view text) {
  std::string field;
  for (std::size_t i = 0; i < text.size(); i += text[i] == '"' ? 2 : 1)
    field += text[i];
  return field;
}

std::string_view reason_of(RecordScanner::Found found) {
  return found == RecordScanner::Found::open_quote
             ? "expected the quote that opens here to be closed before a delimiter or a line end; double a quote within"
             : "expected a shorter record: the file is damaged, or its line ends are not LF or CRLF";
}

}  // namespace

void TableBlock::for_each(const std::function<void(const Record&)>& visit,
                          const std::function<void(const DamagedRecord&)>& damaged) {
  unescaped_.clear();
  RecordScanner scanner(delimiter, quotes, static_cast<std::size_t>(longest_record_bytes));
  std::vector<std::string_view> fields;
  const std::string_view all = text;
  const bool has_quotes = quotes && all.find('"') != std::string_view::npos;
  const bool has_nul = all.find('\0') != std::string_view::npos;
  std::int64_t line = first_line;
  for (std::size_t start = 0, next = 0; start < all.size(); start = next) {
    const RecordScanner::Found found = scanner.scan(all, start, true);
    next = scanner.next();
    const std::string_view record = all.substr(start, scanner.end() - start);
    if (found != RecordScanner::Found::record) {
      const bool open_quote = found == RecordScanner::Found::open_quote;
      const std::int64_t before = open_quote ? count_lines(all.substr(start, scanner.fault() - start)) : 0;
      damaged({line + before, record, reason_of(found)});
    } else if (has_nul && record.find('\0') != std::string_view::npos) {
      damaged({line, record, "expected text without NUL bytes"});
    } else if (!record.empty()) {
      fields.clear();
      for (const RecordScanner::Field& field : scanner.fields())
        fields.push_back(field.escaped ? unescaped_.emplace_back(unescape(field.text)) : field.text);
      visit({line, record, fields});
    }
    line += has_quotes ? count_lines(all.substr(start, next - start)) : 1;
  }
}

void append_csv_field(std::string& out, std::string_view field, char delimiter) {
  const bool plain =
      field.find(delimiter) == std::string_view::npos && field.find_first_of("\"\r\n") == std::string_view::npos;
  if (plain) {
    out += field;
    return;
  }
  out += '"';
  for (const char c : field)
    out.append(c == '"' ? 2 : 1, c);
  out += '"';
}

}  // namespace segue::data
