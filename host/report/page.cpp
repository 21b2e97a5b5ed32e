#include "segue/report/page.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "host/report/markup.hpp"
#include "host/report/style.hpp"
#include "segue/core/error.hpp"

namespace segue::report {
namespace {

// The policy forbids every request and script, whatever may have come into the page.
constexpr std::string_view kHead =
    "<meta charset=\"utf-8\"/>"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"/>"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>"
    "<meta name=\"color-scheme\" content=\"light dark\"/>";

constexpr std::string_view kPageStyle =
    "body{margin:0 auto;max-width:56rem;padding:2rem 1rem 4rem;font:16px/1.55 system-ui,-apple-system,\"Segoe UI\","
    "Roboto,\"Helvetica Neue\",Arial,sans-serif;color:#222;background:#fff}"
    "h1{font-size:1.7rem;line-height:1.2;margin:0 0 1rem}h2{font-size:1.2rem;margin:2.5rem 0 .5rem}"
    "p{max-width:42rem;margin:.6rem 0}"
    "figure{margin:1.5rem 0;break-inside:avoid}figure svg{display:block;max-width:100%;height:auto;margin-left:-10px}"
    "figcaption,caption{color:#5f5f5f;font-size:.875rem;text-align:left;max-width:42rem}caption{padding-bottom:.4rem}"
    ".wide{overflow-x:auto;margin:1.2rem 0}"
    "table{border-collapse:collapse;font-size:.875rem;font-variant-numeric:tabular-nums}"
    "th,td{padding:.25rem 1.1rem .25rem 0;text-align:left;vertical-align:top;max-width:24rem;overflow-wrap:break-word;"
    "unicode-bidi:isolate}"
    "th{border-bottom:1px solid #777;font-weight:600;vertical-align:bottom}"
    "td{border-bottom:1px solid #e6e6e6}"
    ".number{text-align:right;white-space:nowrap}"
    "pre{font:13px/1.45 ui-monospace,Consolas,\"DejaVu Sans Mono\",monospace;background:#f6f6f6;padding:.8rem 1rem;"
    "overflow-x:auto}"
    "@media screen and (prefers-color-scheme:dark){body{color:#e8e8e8;background:#16191d}"
    "figcaption,caption{color:#a6a6a6}th{border-color:#888}td{border-color:#343a40}pre{background:#20252a}}"
    "@media print{body{max-width:none;padding:0;font-size:11pt}h2{break-after:avoid}tr{break-inside:avoid}"
    "pre{white-space:pre-wrap}}";

std::string cell_element(std::string_view name, const Cell& cell) {
  return fmt::format("<{0}{1}>{2}</{0}>", name, cell.numeric ? " class=\"number\"" : "", escape(cell.text));
}

bool is_numeric(const Table& table, std::size_t column) {
  return !table.rows.empty() &&
         std::all_of(table.rows.begin(), table.rows.end(), [&](const auto& row) { return row[column].numeric; });
}

}  // namespace

Page::Page(std::string_view title) : title_(title) {}

void Page::section(std::string_view heading) {
  body_ += fmt::format("<h2>{}</h2>\n", escape(heading));
}

void Page::paragraph(std::string_view text) {
  body_ += fmt::format("<p>{}</p>\n", escape(text));
}

void Page::code(std::string_view text) {
  body_ += fmt::format("<pre>{}</pre>\n", escape(text));
}

void Page::table(const Table& table) {
  for (const std::vector<Cell>& row : table.rows)
    if (row.size() != table.headers.size())
      throw InvalidArgument(fmt::format("table: a row of {} cells under {} headers", row.size(), table.headers.size()));
  std::vector<bool> numeric;
  body_ += "<div class=\"wide\"><table>";
  if (!table.caption.empty())
    body_ += fmt::format("<caption>{}</caption>", escape(table.caption));
  body_ += "<thead><tr>";
  for (std::size_t column = 0; column < table.headers.size(); ++column) {
    numeric.push_back(is_numeric(table, column));
    body_ += cell_element("th", {table.headers[column], numeric[column]});
  }
  body_ += "</tr></thead>\n<tbody>";
  for (const std::vector<Cell>& row : table.rows) {
    body_ += "<tr>";
    for (std::size_t column = 0; column < row.size(); ++column)
      body_ += cell_element("td", {row[column].text, numeric[column]});
    body_ += "</tr>\n";
  }
  body_ += "</tbody></table></div>\n";
}

void Page::figure(const Drawing& drawing, std::string_view caption) {
  body_ += fmt::format(
      "<figure><svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" role=\"img\" width=\"{0}\" height=\"{1}\" "
      "viewBox=\"0 0 {0} {1}\"><title>{2}</title><desc>{3}</desc>{4}</svg>\n<figcaption>{5}</figcaption></figure>\n",
      drawing.width, drawing.height, escape(drawing.title), escape(drawing.description), drawing.body, escape(caption));
}

std::string Page::html() const {
  return fmt::format(
      "<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\"><head>{}<title>{}</title>"
      "<style>{}{}</style></head>\n<body><h1>{}</h1>\n{}</body></html>\n",
      kHead, escape(title_), kPageStyle, chart_style(), escape(title_), body_);
}

}  // namespace segue::report
