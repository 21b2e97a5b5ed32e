#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "host/report/frame.hpp"
#include "host/report/markup.hpp"
#include "host/report/png.hpp"
#include "segue/core/error.hpp"

namespace segue::report {
namespace {

constexpr std::int64_t kMostColumns = 2000;
constexpr int kLevels = 256;

// Steps of even lightness, one hue after the other, as in matplotlib's magma.
constexpr std::array<Color, 10> kRamp{{{0, 0, 4},
                                       {24, 15, 61},
                                       {68, 15, 118},
                                       {114, 31, 129},
                                       {158, 47, 127},
                                       {205, 64, 113},
                                       {241, 96, 93},
                                       {253, 150, 104},
                                       {254, 202, 141},
                                       {252, 253, 191}}};

std::vector<Color> palette() {
  std::vector<Color> colors(kLevels);
  for (int level = 0; level < kLevels; ++level) {
    const double at = static_cast<double>(level) / (kLevels - 1) * (kRamp.size() - 1);
    const auto step = std::min(static_cast<std::size_t>(at), kRamp.size() - 2);
    for (std::size_t c = 0; c < 3; ++c)
      colors[static_cast<std::size_t>(level)][c] = static_cast<std::uint8_t>(
          std::lround(std::lerp(kRamp[step][c], kRamp[step + 1][c], at - static_cast<double>(step))));
  }
  return colors;
}

void check(const HeatMap& chart) {
  const auto rows = static_cast<std::int64_t>(chart.y.categories.size());
  if (chart.values.rows() != rows)
    throw InvalidArgument(
        fmt::format("heat map: {} rows and {} categories; expected as many", chart.values.rows(), rows));
  if (!chart.x.low || !chart.x.high || !(*chart.x.low < *chart.x.high))
    throw InvalidArgument("heat map: expected x.low and x.high, the edges of the image");
}

/// Means over neighbouring columns, of the values that are finite; NaN where there is none.
Matrix<float> thinned(const Matrix<float>& values) {
  const std::int64_t columns = std::min(values.columns(), kMostColumns);
  Matrix<float> out(values.rows(), columns);
  for (std::int64_t row = 0; row < values.rows(); ++row)
    for (std::int64_t column = 0; column < columns; ++column) {
      double sum = 0;
      int count = 0;
      for (std::int64_t i = column * values.columns() / columns; i < (column + 1) * values.columns() / columns; ++i)
        if (std::isfinite(values(row, i))) {
          sum += values(row, i);
          ++count;
        }
      out(row, column) = count > 0 ? static_cast<float>(sum / count) : NAN;
    }
  return out;
}

Extent extent_of(const Matrix<float>& values, const Axis& axis) {
  Extent extent(axis);
  for (std::int64_t i = 0; i < values.rows() * values.columns(); ++i)
    extent.add(values.data()[i]);
  return extent;
}

/// Row 0 of the values at the bottom. A cell is as many pixels as fit, for renderers that blur what they enlarge.
std::string image(const Matrix<float>& values, double low, double high, double width, double height) {
  const std::int64_t wide = std::max<std::int64_t>(1, std::lround(width / static_cast<double>(values.columns())));
  const std::int64_t tall = std::max<std::int64_t>(1, std::lround(height / static_cast<double>(values.rows())));
  Matrix<std::uint8_t> pixels(values.rows() * tall, values.columns() * wide);
  const double scale = high > low ? (kLevels - 1) / (high - low) : 0;
  for (std::int64_t row = 0; row < pixels.rows(); ++row)
    for (std::int64_t column = 0; column < pixels.columns(); ++column) {
      const float value = values(values.rows() - 1 - row / tall, column / wide);
      const double level = std::isfinite(value) ? (value - low) * scale : 0;
      pixels(row, column) = static_cast<std::uint8_t>(std::lround(std::clamp(level, 0.0, kLevels - 1.0)));
    }
  return base64(png(std::as_const(pixels).view(), palette()));
}

void draw_ticks(Frame& frame, const std::vector<double>& ticks, double length) {
  std::string path;
  for (const double tick : ticks)
    if (frame.x(tick) >= frame.left() && frame.x(tick) <= frame.right())
      path += fmt::format("M{} {}v{}", coordinate(frame.x(tick)), coordinate(frame.top()), coordinate(length));
  if (!path.empty())
    frame.add(fmt::format(R"(<path fill="none" stroke="#fff" stroke-opacity=".85" stroke-width="1.2" d="{}"/>)", path));
}

}  // namespace

Drawing draw(const HeatMap& chart) {
  check(chart);
  const Matrix<float> values = thinned(chart.values);
  const Axis plain;
  const Extent found = extent_of(values, plain);
  Frame frame(chart.options, {chart.x, Extent(chart.x), Ends::data}, {chart.y, Extent(chart.y), Ends::data}, 0);
  std::string summary = fmt::format("Heat map of {} rows and {} columns", chart.values.rows(), chart.values.columns());
  if (found.empty()) {
    frame.say_no_data();
    return frame.finish(summary + ", without data");
  }
  const double low = chart.low.value_or(found.low()), high = chart.high.value_or(found.high());
  const double width = frame.right() - frame.left(), height = frame.bottom() - frame.top();
  frame.add(fmt::format(
      R"(<image x="{}" y="{}" width="{}" height="{}" preserveAspectRatio="none" href="data:image/png;base64,{}"/>)",
      coordinate(frame.left()), coordinate(frame.top()), coordinate(width), coordinate(height),
      image(values, low, high, width, height)));
  draw_ticks(frame, chart.ticks, height * 0.06);
  draw_ticks(frame, chart.long_ticks, height * 0.14);
  return frame.finish(
      fmt::format("{}, values from {} to {}", summary, format_value(found.low()), format_value(found.high())));
}

}  // namespace segue::report
