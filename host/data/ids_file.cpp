// ids.tsv beside every matrix: which row is which id.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "segue/core/error.hpp"
#include "segue/core/file.hpp"
#include "segue/core/text.hpp"
#include "segue/data/id_table.hpp"

namespace segue::data {
namespace {

constexpr std::string_view kHeader = "row\tid";

void append_escaped(std::string& out, std::string_view id) {
  for (const char c : id) {
    switch (c) {
      case '\t':
        out += "\\t";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\\':
        out += "\\\\";
        break;
      default:
        out += c;
    }
  }
}

// Nothing when a backslash is followed by anything but t, n, r or a backslash.
std::optional<std::string> unescape(std::string_view text) {
  constexpr std::string_view kLetters = "tnr\\", kMeant = "\t\n\r\\";
  std::string id;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      id += text[i];
      continue;
    }
    const std::size_t letter = ++i < text.size() ? kLetters.find(text[i]) : std::string_view::npos;
    if (letter == std::string_view::npos)
      return std::nullopt;
    id += kMeant[letter];
  }
  return id;
}

[[noreturn]] void refuse(const std::string& name, std::int64_t line, std::string_view text,
                         const std::string& expected) {
  throw BadInput(fmt::format("{} line {}: {} where {} was expected", name, line, quote_for_message(text), expected));
}

// Line `line` of the file, the one of row line − 2.
void add_line(IdTable& ids, std::string_view text, const std::string& name, std::int64_t line) {
  const std::int64_t want = line - 2;
  std::int64_t row = -1;
  const auto [rest, fault] = std::from_chars(text.data(), text.data() + text.size(), row);
  const std::size_t digits = static_cast<std::size_t>(rest - text.data());
  if (fault != std::errc{} || row != want || digits >= text.size() || text[digits] != '\t')
    refuse(name, line, text, fmt::format("row {}, a tab and an id", want));
  const std::optional<std::string> id = unescape(text.substr(digits + 1));
  if (!id)
    refuse(name, line, text, "an escape \\t, \\n, \\r or \\\\");
  if (ids.add(*id) != want)
    refuse(name, line, text, fmt::format("an id other than that of row {}", ids.find(*id)));
}

}  // namespace

void write_ids(const std::filesystem::path& path, const IdTable& ids, std::int64_t count) {
  AtomicFile file(path);
  std::string line = std::string(kHeader) + '\n';
  for (std::int64_t row = 0; row < std::min(count, ids.size()); ++row) {
    fmt::format_to(std::back_inserter(line), "{}\t", row);
    append_escaped(line, ids.id(static_cast<std::int32_t>(row)));
    line += '\n';
    file.write(line);
    line.clear();
  }
  file.write(line);
  file.commit();
}

IdTable parse_ids(std::string_view text, const std::string& name) {
  IdTable ids;
  for (std::int64_t line = 1; line == 1 || !text.empty(); ++line) {
    const std::size_t end = text.find('\n');
    const std::string_view content = text.substr(0, end);
    if (end == std::string_view::npos)
      refuse(name, line, content, line == 1 ? "a line \"row<TAB>id\"" : "a line that ends in a newline");
    if (line == 1 && content != kHeader)
      refuse(name, line, content, "the header \"row<TAB>id\"");
    if (line > 1)
      add_line(ids, content, name, line);
    text.remove_prefix(end + 1);
  }
  return ids;
}

IdTable read_ids(const std::filesystem::path& path) {
  const MappedFile file(path);
  return parse_ids(file.text(), path.string());
}

}  // namespace segue::data
