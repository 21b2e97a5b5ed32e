#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "host/report/frame.hpp"
#include "host/report/markup.hpp"
#include "segue/core/error.hpp"

namespace segue::report {
namespace {

constexpr double kRow = 26, kBarHeight = 14;
constexpr double kWidestName = 220;
constexpr int kTickSpacing = 60;

void check_bars(const BarChart& chart) {
  if (chart.x.scale == Scale::log)
    throw InvalidArgument("bar chart: its axis is logarithmic, but bars start at 0: use a linear one");
  for (const Bar& bar : chart.bars)
    if (bar.color < 0 || bar.color >= kColors)
      throw InvalidArgument(fmt::format("bar chart: color {}, expected 0 to {}", bar.color, kColors - 1));
}

bool has_interval(const Bar& bar) {
  return bar.low && bar.high && std::isfinite(*bar.low) && std::isfinite(*bar.high);
}

Extent extent_of(const BarChart& chart) {
  Extent extent(chart.x);
  extent.add(0);
  for (const Bar& bar : chart.bars) {
    extent.add(bar.value);
    if (std::isfinite(bar.value) && has_interval(bar)) {
      extent.add(*bar.low);
      extent.add(*bar.high);
    }
  }
  return extent;
}

/// With as many decimals as give the largest four digits, so that they can be compared.
std::string value_text(const Bar& bar, const Extent& extent) {
  const double largest = std::max(std::abs(extent.low()), std::abs(extent.high()));
  const double step = largest > 0 ? std::pow(10.0, std::floor(std::log10(largest)) - 3) : 1;
  const auto text = [&](double value) { return format_tick(std::abs(value) < step / 2 ? 0 : value, step, largest); };
  if (!std::isfinite(bar.value))
    return "not finite";
  return text(bar.value) + (has_interval(bar) ? fmt::format(" ({} to {})", text(*bar.low), text(*bar.high)) : "");
}

double widest_name(const BarChart& chart) {
  double widest = 0;
  for (const Bar& bar : chart.bars)
    widest = std::max(widest, text_width(bar.name, kFontSize));
  return std::min(widest, kWidestName);
}

double widest_value(const BarChart& chart, const Extent& extent) {
  double widest = 0;
  for (const Bar& bar : chart.bars)
    widest = std::max(widest, text_width(value_text(bar, extent), kFontSize));
  return widest;
}

/// A row for each bar: name, bar, whisker, value.
class Rows {
 public:
  Rows(const BarChart& chart, const Extent& extent)
      : chart_(chart),
        extent_(extent),
        left_(18 + widest_name(chart)),
        right_(chart.options.width - widest_value(chart, extent) - 16),
        top_(chart.options.title.empty() ? 10 : 36),
        bottom_(top_ + kRow * static_cast<double>(chart.bars.size())),
        scale_(chart.x, extent, Ends::ticks, std::clamp(static_cast<int>(right_ - left_) / kTickSpacing, 1, 6)) {}

  std::string draw() {
    draw_axis();
    for (std::size_t i = 0; i < chart_.bars.size(); ++i)
      draw_bar(chart_.bars[i], top_ + kRow * (static_cast<double>(i) + 0.5));
    const std::string zero = coordinate(x(0));
    body_ += fmt::format(R"(<path class="base" d="M{} {}V{}"/>)", zero, coordinate(top_), coordinate(bottom_));
    return std::move(body_);
  }
  double bottom() const { return bottom_; }

 private:
  double x(double value) const { return left_ + scale_.position(value) * (right_ - left_); }

  void draw_axis() {
    for (const Tick& tick : scale_.ticks()) {
      body_ += fmt::format(R"(<path class="grid" d="M{} {}V{}"/>)", coordinate(x(tick.value)), coordinate(top_),
                           coordinate(bottom_));
      body_ += text_element(x(tick.value), bottom_ + 16, "tick", "middle", tick.label);
    }
    if (!chart_.x.title.empty())
      body_ += text_element(left_, bottom_ + 34, "axis", "start", chart_.x.title);
    if (chart_.bars.empty())
      body_ += text_element(left_, bottom_ + 4, "axis", "start", "No data to show");
  }

  void draw_bar(const Bar& bar, double middle) {
    body_ += text_element(left_ - 8, middle + 4, "label", "end", fit_text(bar.name, kFontSize, kWidestName));
    if (!std::isfinite(bar.value)) {
      body_ += text_element(x(0) + 6, middle + 4, "axis", "start", value_text(bar, extent_));
      return;
    }
    const double from = std::min(x(0), x(bar.value)), to = std::max(x(0), x(bar.value));
    body_ += fmt::format(R"(<rect class="f{}" x="{}" y="{}" width="{}" height="{}"/>)", bar.color, coordinate(from),
                         coordinate(middle - kBarHeight / 2), coordinate(to - from), kBarHeight);
    double end = to;
    if (has_interval(bar)) {
      const std::string path = fmt::format("M{0} {2}v6m0 -3H{1}m0 -3v6", coordinate(x(*bar.low)),
                                           coordinate(x(*bar.high)), coordinate(middle - 3));
      body_ += fmt::format(R"(<path class="whisker halo" d="{}"/><path class="whisker" d="{}"/>)", path, path);
      end = std::max(end, x(*bar.high));
    }
    body_ += text_element(end + 6, middle + 4, "tick", "start", value_text(bar, extent_));
  }

  const BarChart& chart_;
  const Extent& extent_;
  double left_, right_, top_, bottom_;
  AxisScale scale_;
  std::string body_;
};

}  // namespace

Drawing draw(const BarChart& chart) {
  check_size(chart.options);
  check_bars(chart);
  const Extent extent = extent_of(chart);
  Rows rows(chart, extent);
  Drawing drawing;
  drawing.width = chart.options.width;
  drawing.title = chart.options.title;
  drawing.description = chart.options.description;
  drawing.description += fmt::format("{}Bar chart of {}", drawing.description.empty() ? "" : " ", chart.x.title);
  for (std::size_t i = 0; i < chart.bars.size(); ++i)
    drawing.description +=
        fmt::format("{} {}: {}", i == 0 ? ":" : ";", chart.bars[i].name, value_text(chart.bars[i], extent));
  drawing.description += ".";
  if (!chart.options.title.empty())
    drawing.body = text_element(10, 20, "title", "start", fit_text(chart.options.title, 16, chart.options.width - 20));
  drawing.body += rows.draw();
  drawing.height = static_cast<int>(rows.bottom()) + (chart.x.title.empty() ? 24 : 42);
  return drawing;
}

}  // namespace segue::report
