#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_set>

#include "host/report/frame.hpp"
#include "host/report/markup.hpp"
#include "host/report/style.hpp"
#include "segue/core/error.hpp"

namespace segue::report {
namespace {

constexpr std::size_t kMostPoints = 4000;
constexpr double kRadius = 3.2;

void check_lengths(const ScatterChart& chart) {
  const std::size_t size = chart.x_values.size();
  const auto fits = [&](std::size_t other) { return other == 0 || other == size; };
  if (chart.y_values.size() != size || !fits(chart.colors.size()) || !fits(chart.labels.size()))
    throw InvalidArgument(fmt::format(
        "scatter chart: {} x, {} y, {} colors and {} labels; expected as many of each, or no colors or labels", size,
        chart.y_values.size(), chart.colors.size(), chart.labels.size()));
}

/// Shares of the colour scale, and its legend.
class Colors {
 public:
  explicit Colors(const ScatterChart& chart) : chart_(chart), extent_(axis_) {
    for (const double color : chart.colors)
      extent_.add(color);
  }
  bool any() const { return !extent_.empty(); }

  /// −1: none.
  double share(std::size_t i) const {
    if (chart_.colors.empty() || !extent_.shows(chart_.colors[i]))
      return -1;
    const double span = extent_.high() - extent_.low();
    return span > 0 ? (chart_.colors[i] - extent_.low()) / span : 1;
  }
  std::string css_class(std::size_t i) const {
    if (chart_.colors.empty())
      return "f0";
    const double value = share(i);
    return value < 0 ? "none" : shade_class(value);
  }

  void draw_legend(Frame& frame) const {
    constexpr double kSwatch = 9;
    const double y = frame.bottom() + 34;
    const std::string low = (chart_.color_title.empty() ? "" : chart_.color_title + "  ") + format_value(extent_.low());
    frame.add(text_element(10, y, "axis", "start", low));
    double x = 10 + text_width(low, kFontSize) + 4;
    for (int shade = 0; shade < kShades; ++shade, x += kSwatch)
      frame.add(fmt::format(R"(<rect class="v{}" x="{}" y="{}" width="{}" height="9"/>)", shade, coordinate(x),
                            coordinate(y - 9), kSwatch));
    frame.add(text_element(x + 4, y, "axis", "start", format_value(extent_.high())));
  }

 private:
  const ScatterChart& chart_;
  Axis axis_;
  Extent extent_;
};

/// Of the points in a cell of `cell` px the last: it would lie on top.
std::vector<std::size_t> one_per_cell(const Frame& frame, const ScatterChart& chart,
                                      const std::vector<std::size_t>& order, int cell) {
  std::unordered_set<std::int64_t> taken;
  std::vector<std::size_t> kept;
  for (auto i = order.rbegin(); i != order.rend(); ++i) {
    const auto column = static_cast<std::int64_t>(frame.x(chart.x_values[*i]) / cell);
    const auto row = static_cast<std::int64_t>(frame.y(chart.y_values[*i]) / cell);
    if (taken.insert(row << 32 | column).second)
      kept.push_back(*i);
  }
  std::reverse(kept.begin(), kept.end());
  return kept;
}

void draw_points(Frame& frame, const ScatterChart& chart, const Colors& colors, const std::vector<std::size_t>& order) {
  for (const std::size_t i : order) {
    const std::string place =
        fmt::format(R"(class="dot {}" cx="{}" cy="{}" r="{}")", colors.css_class(i),
                    coordinate(frame.x(chart.x_values[i])), coordinate(frame.y(chart.y_values[i])), kRadius);
    frame.add(chart.labels.empty()
                  ? fmt::format("<circle {}/>", place)
                  : fmt::format("<circle {}><title>{}</title></circle>", place, escape(chart.labels[i])));
  }
}

struct Box {
  double left, right, top, bottom;

  bool overlaps(const Box& other) const {
    return left < other.right && other.left < right && top < other.bottom && other.top < bottom;
  }
};

/// A ring and a name, at the first of some places where it covers no other name or ring.
void draw_marks(Frame& frame, const std::vector<Mark>& marks) {
  constexpr double kRing = 6.5;
  std::vector<Box> taken;
  for (const Mark& mark : marks) {
    const double x = frame.x(mark.x), y = frame.y(mark.y);
    taken.push_back({x - kRing, x + kRing, y - kRing, y + kRing});
    frame.add(fmt::format(R"(<circle class="ring" cx="{}" cy="{}" r="{}"/>)", coordinate(x), coordinate(y), kRing));
  }
  for (const Mark& mark : marks) {
    const double x = frame.x(mark.x), y = frame.y(mark.y);
    const double width = text_width(mark.name, kFontSize);
    const bool leftwards = x + 10 + width > frame.right() + 20;
    const double from = leftwards ? x - 10 : x + 10;
    Box box{};
    double baseline = y;
    for (const double offset : {4.0, -10.0, 18.0, -25.0, 33.0}) {
      baseline = y + offset;
      box = {std::min(from, leftwards ? from - width : from + width),
             std::max(from, leftwards ? from - width : from + width), baseline - 10, baseline + 3};
      if (std::none_of(taken.begin(), taken.end(), [&](const Box& other) { return box.overlaps(other); }))
        break;
    }
    taken.push_back(box);
    for (const std::string_view css_class :
         {"name halo", "name"})  // a halo of its own: not all renderers know paint-order
      frame.add(text_element(from, baseline, css_class, leftwards ? "end" : "start", mark.name));
  }
}

std::string summary(const ScatterChart& chart, const Extent& x, const Extent& y, std::size_t shown) {
  std::string text = fmt::format("Scatter chart of {} against {}: {} points", chart.y.title, chart.x.title, shown);
  if (shown > 0)
    text += fmt::format(", {} from {} to {}", chart.y.title, format_value(y.low()), format_value(y.high()));
  if (shown > 0 && chart.x.categories.empty())
    text += fmt::format(", {} from {} to {}", chart.x.title, format_value(x.low()), format_value(x.high()));
  for (const Mark& mark : chart.marks)
    text += fmt::format("; {} at {}", mark.name, format_value(mark.y));
  return text;
}

}  // namespace

Drawing draw(const ScatterChart& chart) {
  check_lengths(chart);
  Extent x(chart.x), y(chart.y);
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < chart.x_values.size(); ++i)
    if (x.shows(chart.x_values[i]) && y.shows(chart.y_values[i])) {
      x.add(chart.x_values[i]);
      y.add(chart.y_values[i]);
      order.push_back(i);
    }
  std::vector<Mark> marks;
  for (const Mark& mark : chart.marks)
    if (x.shows(mark.x) && y.shows(mark.y)) {
      x.add(mark.x);
      y.add(mark.y);
      marks.push_back(mark);
    }
  const Colors colors(chart);
  Frame frame(chart.options, {chart.x, x, Ends::loose}, {chart.y, y, Ends::ticks}, 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return colors.share(a) < colors.share(b); });

  const std::size_t shown = order.size();
  std::vector<std::size_t> drawn = order;
  for (int cell = 1; drawn.size() > kMostPoints; ++cell)
    drawn = one_per_cell(frame, chart, order, cell);
  if (shown == 0)
    frame.say_no_data();
  draw_points(frame, chart, colors, drawn);
  draw_marks(frame, marks);
  if (colors.any())
    colors.draw_legend(frame);
  frame.note(left_out_note(static_cast<std::int64_t>(chart.x_values.size() - shown),
                           static_cast<std::int64_t>(chart.x_values.size()), chart.x, chart.y));
  if (drawn.size() < shown)
    frame.note(fmt::format("{} of {} points drawn: the others lie under them", drawn.size(), shown));
  return frame.finish(summary(chart, x, y, shown));
}

}  // namespace segue::report
