#include "host/report/frame.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "host/report/markup.hpp"
#include "segue/core/error.hpp"

namespace segue::report {
namespace {

constexpr double kTitleBaseline = 20;
constexpr double kLine = 18;   // from one line of text to the next
constexpr double kBelow = 54;  // under the plot: tick labels, title of the axis, note
constexpr double kWidestLabel = 130;
constexpr int kTickSpacing = 80;  // px between ticks of the x axis, about
constexpr int kTickSpacingY = 46;

double height_of_titles(const ChartOptions& options, const Axis& y) {
  return 12 + (options.title.empty() ? 0 : kLine + 4) + (y.title.empty() ? 0 : kLine);
}

double widest_label(const AxisScale& scale) {
  double widest = 0;
  for (const Tick& tick : scale.ticks())
    widest = std::max(widest, text_width(tick.label, kFontSize));
  return std::min(widest, kWidestLabel);
}

}  // namespace

std::string text_element(double x, double y, std::string_view css_class, std::string_view anchor,
                         std::string_view text) {
  return fmt::format(R"(<text class="{}" x="{}" y="{}"{}>{}</text>)", css_class, coordinate(x), coordinate(y),
                     anchor == "start" ? "" : fmt::format(R"( text-anchor="{}")", anchor), escape(text));
}

void check_size(const ChartOptions& options) {
  if (options.width < 240 || options.width > 4000 || options.height < 160 || options.height > 4000)
    throw InvalidArgument(
        fmt::format("chart: {} × {} px, expected 240 to 4000 × 160 to 4000", options.width, options.height));
}

std::string left_out_note(std::int64_t left_out, std::int64_t all, const Axis& x, const Axis& y) {
  if (left_out == 0)
    return "";
  const bool log = x.scale == Scale::log || y.scale == Scale::log;
  return fmt::format("{} of {} points not shown: not finite{}", left_out, all, log ? ", or not above 0" : "");
}

Frame::Frame(const ChartOptions& options, const FrameAxis& x, const FrameAxis& y, double right)
    : options_((check_size(options), options)),
      x_(x.axis, x.extent, x.ends, std::clamp(options.width / kTickSpacing, 2, 10)),
      y_(y.axis, y.extent, y.ends, std::clamp(options.height / kTickSpacingY, 2, 12)) {
  top_ = height_of_titles(options, y.axis) + 8;
  bottom_ = options.height - kBelow;
  left_ = std::max<double>(options.left, 10 + widest_label(y_) + 8);
  right_ = options.width - std::max(right, 24.0);
  draw_titles(x.axis, y.axis);
  draw_y_axis();
  draw_x_axis(!x.axis.categories.empty());
}

void Frame::draw_titles(const Axis& x, const Axis& y) {
  double baseline = kTitleBaseline;
  if (!options_.title.empty()) {
    add(text_element(10, baseline, "title", "start", fit_text(options_.title, 16, options_.width - 20)));
    baseline += kLine + 4;
  }
  if (!y.title.empty())
    add(text_element(10, baseline, "axis", "start", fit_text(y.title, kFontSize, options_.width - 20)));
  if (!x.title.empty())
    add(text_element(right_, bottom_ + 34, "axis", "end", fit_text(x.title, kFontSize, right_ - 10)));
}

void Frame::draw_x_axis(bool categories) {
  add(fmt::format(R"(<path class="base" d="M{} {}H{}"/>)", coordinate(left_), coordinate(bottom_), coordinate(right_)));
  const double slot = categories ? (right_ - left_) / static_cast<double>(x_.ticks().size()) - 6 : options_.width;
  for (const Tick& tick : x_.ticks()) {
    const double at = x(tick.value);
    if (!categories)
      add(fmt::format(R"(<path class="base" d="M{} {}v4"/>)", coordinate(at), coordinate(bottom_)));
    add(text_element(at, bottom_ + 17, "tick", "middle", fit_text(tick.label, kFontSize, slot)));
  }
}

void Frame::draw_y_axis() {
  for (const Tick& tick : y_.ticks()) {
    const double at = y(tick.value);
    add(fmt::format(R"(<path class="grid" d="M{} {}H{}"/>)", coordinate(left_), coordinate(at), coordinate(right_)));
    add(text_element(left_ - 8, at + 4, "tick", "end", fit_text(tick.label, kFontSize, kWidestLabel)));
  }
}

void Frame::note(std::string_view text) {
  if (text.empty())
    return;
  note_ += note_.empty() ? "" : "; ";
  note_ += text;
}

void Frame::say_no_data() {
  add(text_element((left_ + right_) / 2, (top_ + bottom_) / 2, "axis", "middle", "No data to show"));
}

Drawing Frame::finish(std::string_view summary) const {
  Drawing drawing;
  drawing.width = options_.width;
  drawing.height = options_.height;
  drawing.title = options_.title;
  drawing.description = options_.description;
  for (const std::string_view part : {summary, std::string_view(note_)})
    if (!part.empty())
      drawing.description += fmt::format("{}{}.", drawing.description.empty() ? "" : " ", part);
  drawing.body = body_;
  if (!note_.empty())
    drawing.body += text_element(10, options_.height - 6, "note", "start", fit_text(note_, 11, options_.width - 20));
  return drawing;
}

}  // namespace segue::report
