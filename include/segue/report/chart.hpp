#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "segue/core/matrix.hpp"
#include "segue/report/drawing.hpp"

/// Charts as SVG. Whatever is not finite, and on a logarithmic axis what is not positive, is left out, and a note in
/// the chart says how many. Text may hold anything: it is escaped. Where there is nothing to show the chart says so.
namespace segue::report {

enum class Scale { linear, log };

/// The axis holds all of its values; its ticks stand at 1, 2 or 5 (on a logarithmic axis also 3) times powers of ten.
struct Axis {
  std::string title;  ///< with the unit, such as "time, s"
  Scale scale = Scale::linear;
  std::optional<double> low, high;      ///< it reaches at least so far
  std::vector<std::string> categories;  ///< not empty: the value i is the i-th of these
};

/// What all charts have.
struct ChartOptions {
  std::string title;
  std::string description;  ///< for readers who cannot see the chart, in front of a summary of its values
  int width = 720;          ///< px, 240–4000
  int height = 380;         ///< px, 160–4000; bar charts are as high as their bars need
  int left = 0;  ///< px in front of the y axis, so that charts above each other align; 0: what its labels need
};

enum class LineStyle {
  line,
  steps,      ///< a value holds until the next
  points,     ///< a line with a dot at each value
  reference,  ///< thin, grey and dashed: a baseline or the diagonal
};

struct Series {
  std::string name;
  std::vector<double> x;          ///< ascending, equal ones allowed
  std::vector<double> y;          ///< as many as x; one that is left out makes a gap
  std::vector<double> low, high;  ///< confidence band: empty, or as many as x
  LineStyle style = LineStyle::line;
};

/// Series are named beside their ends, or in a legend where there are too many for that. More than four points in a
/// column of pixels are drawn as its first, lowest, highest and last (M4: Jugel et al. 2014), which looks the same.
struct LineChart {
  ChartOptions options;
  Axis x, y;
  std::vector<Series> series;
};

/// A point with a name beside it, such as the best one.
struct Mark {
  double x;
  double y;
  std::string name;
};

/// Points, coloured by a third value where there is one (the darker, or in the dark scheme the lighter, the higher).
/// Past 4,000 of them those that would cover each other are drawn once, and a note says so.
struct ScatterChart {
  ChartOptions options;
  Axis x, y;
  std::vector<double> x_values, y_values;
  std::vector<double> colors;       ///< empty, or one each; a point whose colour is not finite is grey
  std::string color_title;          ///< of the colours' legend
  std::vector<std::string> labels;  ///< empty, or one each: shown when the pointer rests on the point
  std::vector<Mark> marks;
};

struct Bar {
  std::string name;
  double value = 0;
  std::optional<double> low, high;  ///< confidence interval
  int color = 0;                    ///< bars of the same kind have the same, 0–7
};

/// Horizontal bars from 0, in the order given, with their values and error bars.
struct BarChart {
  ChartOptions options;
  Axis x;
  std::vector<Bar> bars;
};

struct Histogram {
  ChartOptions options;
  Axis x;
  std::string y_title = "count";
  std::vector<double> values;
  int bins = 0;  ///< 1–200; 0: by the rule of Freedman & Diaconis (1981), 5 to 60
};

/// Values in cells, such as a spectrogram: an image (PNG) inside the SVG, dark where low and bright where high in both
/// schemes. Neighbouring columns are averaged where there are more than 2,000. What is not finite is drawn as the
/// lowest.
struct HeatMap {
  ChartOptions options;
  Axis x;                ///< low and high are the image's edges
  Axis y;                ///< a category for each row, from the bottom up; those with an empty name are not labelled
  Matrix<float> values;  ///< [rows × columns]
  std::optional<double> low, high;  ///< values at the ends of the colours; none: the least and the greatest there are
  std::vector<double> ticks, long_ticks;  ///< along x, drawn into the image from its upper edge
};

/// @throws InvalidArgument  vectors of different lengths, a series whose x descends, sizes or counts out of range
Drawing draw(const LineChart& chart);
Drawing draw(const ScatterChart& chart);
Drawing draw(const BarChart& chart);
Drawing draw(const Histogram& chart);
Drawing draw(const HeatMap& chart);

}  // namespace segue::report
