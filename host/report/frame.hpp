#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "host/report/axis.hpp"
#include "segue/report/chart.hpp"

namespace segue::report {

inline constexpr double kFontSize = 12;
inline constexpr int kColors = 8;  // of the palette; then they come again

struct FrameAxis {
  const Axis& axis;
  Extent extent;
  Ends ends;
};

/// What stands around the data of a chart with two axes: title, axes, ticks, grid lines; and where the data go.
class Frame {
 public:
  /// @param right  px left free on the right, for names
  Frame(const ChartOptions& options, const FrameAxis& x, const FrameAxis& y, double right);

  double x(double value) const { return left_ + x_.position(value) * (right_ - left_); }
  double y(double value) const { return bottom_ - y_.position(value) * (bottom_ - top_); }
  double left() const { return left_; }
  double right() const { return right_; }
  double top() const { return top_; }
  double bottom() const { return bottom_; }
  const AxisScale& x_scale() const { return x_; }
  const AxisScale& y_scale() const { return y_; }

  void add(std::string_view elements) { body_ += elements; }
  /// A remark in small print under the chart; several stand behind each other.
  void note(std::string_view text);
  void say_no_data();

  /// @param summary  of the values, put behind the caller's description
  Drawing finish(std::string_view summary) const;

 private:
  void draw_titles(const Axis& x, const Axis& y);
  void draw_x_axis(bool categories);
  void draw_y_axis();

  ChartOptions options_;
  AxisScale x_, y_;
  double left_ = 0, right_ = 0, top_ = 0, bottom_ = 0;
  std::string body_, note_;
};

/// <text> at a place. @param anchor  start, middle or end
std::string text_element(double x, double y, std::string_view css_class, std::string_view anchor,
                         std::string_view text);

/// @throws InvalidArgument
void check_size(const ChartOptions& options);

/// "3 of 20 points are not shown: not finite"; empty when `left_out` is 0.
std::string left_out_note(std::int64_t left_out, std::int64_t all, const Axis& x, const Axis& y);

}  // namespace segue::report
