#include "segue/report/drawing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "host/report/markup.hpp"
#include "host/report/style.hpp"
#include "segue/core/error.hpp"

namespace segue::report {
namespace {

std::string accessible_names(const Drawing& drawing) {
  return fmt::format("<title>{}</title><desc>{}</desc>", escape(drawing.title), escape(drawing.description));
}

}  // namespace

std::string to_svg_file(const Drawing& drawing) {
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" role=\"img\" width=\"{0}\" height=\"{1}\" "
      "viewBox=\"0 0 {0} {1}\">{2}<style>{3}</style><rect class=\"paper\" width=\"{0}\" "
      "height=\"{1}\"/>\n{4}\n</svg>\n",
      drawing.width, drawing.height, accessible_names(drawing), chart_style(), drawing.body);
}

Drawing arrange(std::span<const Drawing> drawings, int columns, const std::string& title) {
  if (columns < 1)
    throw InvalidArgument(fmt::format("arrange: {} columns, expected 1 or more", columns));
  constexpr int kGap = 16, kTitleHeight = 36;
  std::vector<int> widths(static_cast<std::size_t>(columns), 0);
  for (std::size_t i = 0; i < drawings.size(); ++i) {
    int& width = widths[i % widths.size()];
    width = std::max(width, drawings[i].width);
  }
  Drawing all;
  all.title = title;
  all.width = std::accumulate(widths.begin(), widths.end(), 0) + kGap * (columns - 1);
  all.height = title.empty() ? 0 : kTitleHeight;
  if (!title.empty())
    all.body = fmt::format(R"(<text class="title" x="10" y="22">{}</text>)", escape(title));
  for (std::size_t first = 0; first < drawings.size(); first += widths.size()) {
    int left = 0, height = 0;
    for (std::size_t i = first; i < std::min(drawings.size(), first + widths.size()); ++i) {
      const Drawing& drawing = drawings[i];
      all.body += fmt::format("\n<g transform=\"translate({} {})\">{}{}</g>", left, all.height,
                              accessible_names(drawing), drawing.body);
      left += widths[i - first] + kGap;
      height = std::max(height, drawing.height);
    }
    all.height += height + (first + widths.size() < drawings.size() ? kGap : 0);
  }
  return all;
}

}  // namespace segue::report
