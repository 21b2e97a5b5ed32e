#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "host/report/frame.hpp"
#include "host/report/markup.hpp"
#include "segue/core/error.hpp"

namespace segue::report {
namespace {

constexpr double kNameHeight = 15;
constexpr double kWidestName = 170;
constexpr std::size_t kMostDots = 400;  // past these the dots of LineStyle::points would hide the line

struct Point {
  double x, y;       // px
  double low, high;  // px; NaN where there is no band
};

using Run = std::vector<Point>;  // neighbours without a gap between them

void check_series(const Series& series) {
  const std::size_t size = series.x.size();
  const bool has_band = !series.low.empty() || !series.high.empty();
  if (series.y.size() != size || (has_band && (series.low.size() != size || series.high.size() != size)))
    throw InvalidArgument(
        fmt::format("line chart: a series has {} x, {} y, {} low and {} high; expected as many of each", size,
                    series.y.size(), series.low.size(), series.high.size()));
  double last = -INFINITY;
  for (std::size_t i = 0; i < size; ++i) {
    if (series.x[i] < last)
      throw InvalidArgument(fmt::format("line chart: x {} follows {}, expected ascending x", series.x[i], last));
    if (!std::isnan(series.x[i]))
      last = series.x[i];
  }
}

/// What the chart's axes can show of one series, split at what they cannot.
class Line {
 public:
  Line(const Series& series, const Extent& x, const Extent& y) : series_(series), x_(x), y_(y) {}

  bool shows(std::size_t i) const { return x_.shows(series_.x[i]) && y_.shows(series_.y[i]); }

  std::int64_t left_out() const {
    std::int64_t count = 0;
    for (std::size_t i = 0; i < series_.x.size(); ++i)
      count += shows(i) ? 0 : 1;
    return count;
  }

  std::vector<Run> runs(const Frame& frame) const {
    std::vector<Run> runs;
    bool open = false;
    for (std::size_t i = 0; i < series_.x.size(); ++i) {
      if (!shows(i)) {
        open = false;
        continue;
      }
      if (!open)
        runs.emplace_back();
      open = true;
      const bool band = !series_.low.empty() && y_.shows(series_.low[i]) && y_.shows(series_.high[i]);
      runs.back().push_back({frame.x(series_.x[i]), frame.y(series_.y[i]), band ? frame.y(series_.low[i]) : NAN,
                             band ? frame.y(series_.high[i]) : NAN});
    }
    for (Run& run : runs)
      run = thinned(run);
    return runs;
  }

 private:
  /// Of each column of pixels the first, lowest, highest and last point, in their order.
  static Run thinned(const Run& run) {
    Run out;
    for (std::size_t begin = 0, end = 0; begin < run.size(); begin = end) {
      while (end < run.size() && std::floor(run[end].x) == std::floor(run[begin].x))
        ++end;
      const auto first = run.begin() + static_cast<std::ptrdiff_t>(begin);
      const auto last = run.begin() + static_cast<std::ptrdiff_t>(end);
      const auto [lowest, highest] =
          std::minmax_element(first, last, [](const Point& a, const Point& b) { return a.y < b.y; });
      std::vector<Run::const_iterator> kept{first, lowest, highest, last - 1};
      std::sort(kept.begin(), kept.end());
      kept.erase(std::unique(kept.begin(), kept.end()), kept.end());
      for (const Run::const_iterator& point : kept)
        out.push_back(*point);
    }
    return out;
  }

  const Series& series_;
  const Extent& x_;
  const Extent& y_;
};

std::string line_path(const Run& run, LineStyle style) {
  std::string path = fmt::format("M{} {}", coordinate(run[0].x), coordinate(run[0].y));
  for (const Point& point : std::span(run).subspan(1))
    path += style == LineStyle::steps ? fmt::format("H{}V{}", coordinate(point.x), coordinate(point.y))
                                      : fmt::format("L{} {}", coordinate(point.x), coordinate(point.y));
  return path;
}

/// Upper bounds to the right, lower ones back.
std::string band_path(std::span<const Point> points) {
  std::string path;
  for (const Point& point : points)
    path += fmt::format("{}{} {}", path.empty() ? "M" : "L", coordinate(point.x), coordinate(point.high));
  for (auto point = points.rbegin(); point != points.rend(); ++point)
    path += fmt::format("L{} {}", coordinate(point->x), coordinate(point->low));
  return path + "Z";
}

void draw_bands(Frame& frame, const Run& run, std::size_t color) {
  for (std::size_t begin = 0, end = 0; begin < run.size(); begin = end + 1) {
    for (end = begin; end < run.size() && !std::isnan(run[end].low);)
      ++end;
    if (end - begin > 1)
      frame.add(fmt::format(R"(<path class="band f{}" d="{}"/>)", color,
                            band_path(std::span(run).subspan(begin, end - begin))));
  }
}

void draw_dots(Frame& frame, const Run& run, std::size_t color) {
  for (const Point& point : run)
    frame.add(fmt::format(R"(<circle class="dot f{}" cx="{}" cy="{}" r="3"/>)", color, coordinate(point.x),
                          coordinate(point.y)));
}

/// Of the i-th series: past the palette the colours come again, dashed.
std::string stroke_class(std::size_t i) {
  return fmt::format("s{}{}", i % kColors, i / kColors % 2 == 1 ? " dashed" : "");
}

void draw_run(Frame& frame, const Run& run, LineStyle style, std::size_t series) {
  if (run.size() > 1)
    frame.add(style == LineStyle::reference
                  ? fmt::format(R"(<path class="reference" d="{}"/>)", line_path(run, style))
                  : fmt::format(R"(<path class="line {}" d="{}"/>)", stroke_class(series), line_path(run, style)));
  if (run.size() == 1 || (style == LineStyle::points && run.size() <= kMostDots))
    draw_dots(frame, run, series % kColors);
}

struct Name {
  std::string text;
  std::string text_class;
  std::string line_class;
  double y;
};

/// Beside the lines' ends, moved apart where they would lie on each other.
void draw_names(Frame& frame, std::vector<Name> names) {
  std::stable_sort(names.begin(), names.end(), [](const Name& a, const Name& b) { return a.y < b.y; });
  double free = frame.top();
  for (Name& name : names) {
    name.y = std::max(name.y, free);
    free = name.y + kNameHeight;
  }
  double limit = frame.bottom();
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    name->y = std::min(name->y, limit);
    limit = name->y - kNameHeight;
  }
  for (const Name& name : names)
    frame.add(text_element(frame.right() + 8, name.y + 4, name.text_class, "start",
                           fit_text(name.text, kFontSize, kWidestName)));
}

/// Under the chart, in rows.
void add_legend(Drawing& drawing, const std::vector<Name>& names) {
  constexpr double kKey = 22, kGap = 18;
  double x = 10, y = drawing.height + 10;
  for (const Name& name : names) {
    const std::string text = fit_text(name.text, kFontSize, drawing.width - 20 - kKey);
    const double width = kKey + text_width(text, kFontSize);
    if (x > 10 && x + width > drawing.width - 10) {
      x = 10;
      y += kNameHeight + 3;
    }
    drawing.body +=
        fmt::format(R"(<path class="{}" d="M{} {}h16"/>)", name.line_class, coordinate(x), coordinate(y - 4));
    drawing.body += text_element(x + kKey, y, "legend", "start", text);
    x += width + kGap;
  }
  drawing.height = static_cast<int>(y) + 8;
}

std::string summary(const LineChart& chart, const Extent& x, const Extent& y) {
  std::string text = fmt::format("Line chart of {} against {}", chart.y.title, chart.x.title);
  if (x.empty() || y.empty())
    return text + ", without data";
  text += fmt::format(": {} from {} to {}, {} from {} to {}", chart.x.title, format_value(x.low()),
                      format_value(x.high()), chart.y.title, format_value(y.low()), format_value(y.high()));
  for (const Series& series : chart.series)
    if (!series.y.empty() && y.shows(series.y.back()))
      text += fmt::format("; {} ends at {}", series.name.empty() ? "it" : series.name, format_value(series.y.back()));
  return text;
}

}  // namespace

Drawing draw(const LineChart& chart) {
  Extent x(chart.x), y(chart.y);
  std::int64_t left_out = 0, all = 0;
  double widest_name = 0;
  for (const Series& series : chart.series) {
    check_series(series);
    const Line line(series, x, y);
    for (std::size_t i = 0; i < series.x.size(); ++i) {
      if (!line.shows(i))
        continue;
      x.add(series.x[i]);
      y.add(series.y[i]);
      if (!series.low.empty() && y.shows(series.low[i]) && y.shows(series.high[i])) {
        y.add(series.low[i]);
        y.add(series.high[i]);
      }
    }
    left_out += line.left_out();
    all += static_cast<std::int64_t>(series.x.size());
    widest_name = std::max(widest_name, text_width(series.name, kFontSize));
  }
  const bool direct = static_cast<double>(chart.series.size()) * kNameHeight <= chart.options.height * 0.6;
  const double right = direct && widest_name > 0 ? std::min(widest_name, kWidestName) + 20 : 0;
  Frame frame(chart.options, {chart.x, x, Ends::data}, {chart.y, y, Ends::ticks}, right);

  std::vector<std::vector<Run>> lines;
  for (const Series& series : chart.series)
    lines.push_back(Line(series, x, y).runs(frame));
  std::vector<Name> names;
  for (std::size_t i = 0; i < lines.size(); ++i)
    for (const Run& run : lines[i])
      draw_bands(frame, run, i % kColors);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const Series& series = chart.series[i];
    for (const Run& run : lines[i])
      draw_run(frame, run, series.style, i);
    const bool reference = series.style == LineStyle::reference;
    if (!lines[i].empty() && !series.name.empty())
      names.push_back({series.name, reference ? "none" : fmt::format("f{}", i % kColors),
                       reference ? "reference" : "line " + stroke_class(i), lines[i].back().back().y});
  }
  if (x.empty())
    frame.say_no_data();
  if (direct)
    draw_names(frame, names);
  frame.note(left_out_note(left_out, all, chart.x, chart.y));
  Drawing drawing = frame.finish(summary(chart, x, y));
  if (!direct)
    add_legend(drawing, names);
  return drawing;
}

}  // namespace segue::report
