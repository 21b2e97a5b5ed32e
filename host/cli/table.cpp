#include <algorithm>
#include <cassert>
#include <climits>
#include <cstdlib>
#include <numeric>

#include "host/cli/terminal.hpp"

namespace segue::cli {
namespace {

constexpr int kGap = 2;              // between columns
constexpr int kNarrowestColumn = 8;  // text is not cut below this

std::string spaces(int count) {
  return std::string(static_cast<std::size_t>(std::max(0, count)), ' ');
}

}  // namespace

Table::Table(std::vector<std::string> headers) : headers_(std::move(headers)) {}

void Table::add(std::vector<Cell> row) {
  assert(row.size() == headers_.size());
  for (Cell& cell : row)
    cell.text = fit_to_width(cell.text, INT_MAX);
  rows_.push_back(std::move(row));
}

bool Table::is_numeric(std::size_t column) const {
  return !rows_.empty() && std::ranges::all_of(rows_, [&](const auto& row) { return row[column].numeric; });
}

std::vector<int> Table::column_widths(int columns) const {
  std::vector<int> widths;
  std::vector<int*> shrinkable;
  widths.reserve(headers_.size());
  for (std::size_t column = 0; column < headers_.size(); ++column) {
    int& width = widths.emplace_back(display_width(headers_[column]));
    for (const std::vector<Cell>& row : rows_)
      width = std::max(width, display_width(row[column].text));
    if (!is_numeric(column))
      shrinkable.push_back(&width);
  }
  int excess = std::accumulate(widths.begin(), widths.end(), kGap * (static_cast<int>(headers_.size()) - 1)) - columns;
  for (; columns > 0 && excess > 0 && !shrinkable.empty(); --excess) {
    int& widest = **std::ranges::max_element(shrinkable, {}, [](const int* width) { return *width; });
    if (widest <= kNarrowestColumn)
      break;
    --widest;
  }
  return widths;
}

std::string Table::line(const std::vector<Cell>& row, const std::vector<int>& widths) const {
  std::string out;
  for (std::size_t column = 0; column < row.size(); ++column) {
    const std::string text = fit_to_width(row[column].text, widths[column]);
    const std::string fill = spaces(widths[column] - display_width(text));
    out += column == 0 ? "" : spaces(kGap);
    out += is_numeric(column) ? fill + text : text + fill;
  }
  out.erase(out.find_last_not_of(' ') + 1);
  return out;
}

std::string Table::to_string(int columns, bool styled) const {
  const std::vector<int> widths = column_widths(columns);
  std::vector<Cell> header;
  for (const std::string& text : headers_)
    header.push_back({text});
  std::string out = (styled ? "\x1b[1m" : "") + line(header, widths) + (styled ? "\x1b[0m\n" : "\n");
  for (const std::vector<Cell>& row : rows_)
    out += line(row, widths) + '\n';
  return out;
}

void Table::print(std::FILE* stream) const {
  const char* no_color = std::getenv("NO_COLOR");
  const bool styled = is_terminal(stream) && (no_color == nullptr || *no_color == '\0');
  std::fputs(to_string(terminal_width(stream), styled).c_str(), stream);
}

}  // namespace segue::cli
