#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "host/report/frame.hpp"
#include "host/report/markup.hpp"
#include "segue/core/error.hpp"

namespace segue::report {
namespace {

// Bins as wide as 2·IQR/∛n (Freedman & Diaconis 1981), 5 to 60 of them.
int count_bins(std::vector<double> values, Scale scale) {
  if (values.size() < 2)
    return 5;
  if (scale == Scale::log)
    for (double& value : values)
      value = std::log(value);
  std::sort(values.begin(), values.end());
  const double quartiles = values[values.size() * 3 / 4] - values[values.size() / 4];
  const double width = 2 * quartiles / std::cbrt(static_cast<double>(values.size()));
  const double bins = std::ceil((values.back() - values.front()) / width);
  return bins < 60 ? std::max(5, static_cast<int>(bins)) : 60;  // also where the width is 0
}

/// Edges at multiples of a nice step, where they may be chosen.
int round_edges(Extent& extent, int bins) {
  const double step = nice_step((extent.high() - extent.low()) / bins);
  extent.add(std::floor(extent.low() / step + 1e-9) * step);
  extent.add(std::ceil(extent.high() / step - 1e-9) * step);
  return std::max(1, static_cast<int>(std::lround((extent.high() - extent.low()) / step)));
}

}  // namespace

Drawing draw(const Histogram& chart) {
  if (chart.bins < 0 || chart.bins > 200)
    throw InvalidArgument(fmt::format("histogram: {} bins, expected 1 to 200, or 0", chart.bins));
  Extent extent(chart.x);
  std::vector<double> values;
  for (const double value : chart.values)
    if (extent.shows(value)) {
      extent.add(value);
      values.push_back(value);
    }
  const bool spread = !extent.empty() && extent.high() > extent.low();
  int bins = chart.bins > 0 ? chart.bins : count_bins(values, chart.x.scale);
  if (chart.bins == 0 && spread && chart.x.scale == Scale::linear)
    bins = round_edges(extent, bins);

  const AxisScale scale(chart.x, extent, Ends::data, 5);
  std::vector<std::int64_t> counts(static_cast<std::size_t>(bins), 0);
  for (const double value : values)
    ++counts[static_cast<std::size_t>(std::clamp(static_cast<int>(scale.position(value) * bins), 0, bins - 1))];
  const Axis y_axis{.title = chart.y_title};
  Extent heights(y_axis);
  heights.add(0);
  heights.add(static_cast<double>(std::max<std::int64_t>(1, *std::max_element(counts.begin(), counts.end()))));
  Frame frame(chart.options, {chart.x, extent, Ends::data}, {y_axis, heights, Ends::ticks}, 0);
  if (values.empty())
    frame.say_no_data();
  const double width = (frame.right() - frame.left()) / bins;
  const double gap = width > 4 ? 1 : 0;
  for (int bin = 0; bin < bins; ++bin) {
    const std::int64_t count = counts[static_cast<std::size_t>(bin)];
    if (count == 0)
      continue;
    const double top = frame.y(static_cast<double>(count));
    frame.add(fmt::format(R"(<rect class="f0" x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>)",
                          coordinate(frame.left() + width * bin), coordinate(top), coordinate(width - gap),
                          coordinate(frame.bottom() - top), count));
  }
  frame.note(left_out_note(static_cast<std::int64_t>(chart.values.size() - values.size()),
                           static_cast<std::int64_t>(chart.values.size()), chart.x, y_axis));
  std::string summary = fmt::format("Histogram of {}: {} values", chart.x.title, values.size());
  if (!values.empty()) {
    std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
    summary += fmt::format(" from {} to {}, median {}", format_value(*std::min_element(values.begin(), values.end())),
                           format_value(*std::max_element(values.begin(), values.end())),
                           format_value(values[values.size() / 2]));
  }
  return frame.finish(summary);
}

}  // namespace segue::report
