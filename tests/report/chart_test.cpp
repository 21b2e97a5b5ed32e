#include "segue/report/chart.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <filesystem>
#include <numeric>
#include <sstream>

#include "segue/core/error.hpp"
#include "segue/core/file.hpp"
#include "segue/core/random.hpp"

namespace segue::report {
namespace {

using testing::HasSubstr;
using testing::Not;

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size()))
    ++found;
  return found;
}

/// The number behind each place where `part` stands.
std::vector<double> numbers_after(const std::string& text, const std::string& part) {
  std::vector<double> numbers;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size()))
    numbers.push_back(std::stod(text.substr(at + part.size(), 20)));
  return numbers;
}

/// The y of each <text> that says `text`.
std::vector<double> baselines(const std::string& body, const std::string& text) {
  const std::string end = ">" + text + "</text>";
  std::vector<double> numbers;
  for (std::size_t at = body.find(end); at != std::string::npos; at = body.find(end, at + end.size()))
    numbers.push_back(std::stod(body.substr(body.rfind(" y=\"", at) + 4, 20)));
  return numbers;
}

/// Every coordinate is a number, and inside the drawing.
void expect_inside(const Drawing& drawing) {
  EXPECT_THAT(drawing.body, Not(HasSubstr("nan")));
  EXPECT_THAT(drawing.body, Not(HasSubstr("inf")));
  for (const auto& [attribute, size] : {std::pair(" x=\"", drawing.width),
                                        {" cx=\"", drawing.width},
                                        {" y=\"", drawing.height},
                                        {" cy=\"", drawing.height}})
    for (const double at : numbers_after(drawing.body, attribute)) {
      EXPECT_GE(at, -1) << attribute;
      EXPECT_LE(at, size + 1) << attribute;
    }
}

/// The files in tests/report/golden were drawn by this library and looked at. What differs from them is kept for
/// another look.
void expect_golden(const Drawing& drawing, const std::string& name) {
  const std::filesystem::path golden = std::filesystem::path(SEGUE_TEST_DATA "/../report/golden") / (name + ".svg");
  const std::string svg = to_svg_file(drawing);
  const std::string kept = testing::TempDir() + "segue-report-" + name + ".svg";
  if (!std::filesystem::exists(golden) || read_file(golden) != svg) {
    write_file(kept, svg);
    ADD_FAILURE() << golden << " is another drawing than " << kept << ": where that is right, it takes its place";
  }
}

LineChart small_chart() {
  LineChart chart;
  chart.options = {.title = "Loss", .width = 300, .height = 200};
  chart.x.title = "iteration";
  chart.y.title = "loss";
  chart.series.push_back(
      {.name = "a", .x = {1, 2, 3}, .y = {0.3, 0.2, 0.15}, .low = {0.25, 0.18, 0.14}, .high = {0.35, 0.22, 0.16}});
  return chart;
}

TEST(LineChart, GoldenBytes) {
  expect_golden(draw(small_chart()), "line");
}

TEST(BarChart, GoldenBytes) {
  BarChart chart;
  chart.options.width = 320;
  chart.x.title = "NDCG@10";
  chart.bars = {{.name = "als", .value = 0.14, .low = 0.13, .high = 0.15}, {.name = "random", .value = 0, .color = 6}};
  expect_golden(draw(chart), "bar");
}

TEST(ScatterChart, GoldenBytes) {
  ScatterChart chart;
  chart.options = {.width = 300, .height = 200};
  chart.x = {.title = "alpha", .scale = Scale::log};
  chart.y.title = "score";
  chart.x_values = {0.1, 1, 10};
  chart.y_values = {0, 0.5, 1};
  chart.colors = {1, 2, NAN};
  chart.labels = {"one", "<two>", "three"};
  chart.marks = {{1, 0.5, "best"}};
  expect_golden(draw(chart), "scatter");
}

TEST(Histogram, GoldenBytes) {
  Histogram chart;
  chart.options = {.width = 300, .height = 200};
  chart.x.title = "value";
  chart.values = {0.1, 0.1, 0.2, 0.9, NAN};
  chart.bins = 4;
  expect_golden(draw(chart), "histogram");
}

TEST(LineChart, WhatCannotBeShownIsLeftOutAndCounted) {
  LineChart chart = small_chart();
  chart.series[0] = {.name = "a", .x = {1, 2, 3, NAN, 5, INFINITY}, .y = {1, NAN, 3, 4, -INFINITY, 6}};
  const Drawing drawing = draw(chart);
  expect_inside(drawing);
  EXPECT_THAT(drawing.body, HasSubstr("4 of 6 points not shown: not finite<"));
  EXPECT_EQ(count(drawing.body, "<circle"), 2u) << "two points with gaps around them are dots";
  EXPECT_THAT(drawing.description, HasSubstr("4 of 6 points not shown"));
}

TEST(LineChart, LogarithmicAxesLeaveOutWhatIsNotPositive) {
  LineChart chart = small_chart();
  chart.y.scale = Scale::log;
  chart.options.width = 720;
  chart.series[0] = {.x = {1, 2, 3, 4}, .y = {0, -1, 10, 100}};
  const Drawing drawing = draw(chart);
  expect_inside(drawing);
  EXPECT_THAT(drawing.body, HasSubstr("2 of 4 points not shown: not finite, or not above 0"));
}

TEST(LineChart, ABandHasGapsWhereABoundIsMissing) {
  LineChart chart = small_chart();
  chart.series[0] = {.x = {1, 2, 3, 4, 5}, .y = {1, 1, 1, 1, 1}, .low = {0, 0, NAN, 0, 0}, .high = {2, 2, 2, 2, 2}};
  EXPECT_EQ(count(draw(chart).body, "class=\"band"), 2u);
}

TEST(LineChart, ManyPointsAreThinnedToWhatCanBeSeen) {
  LineChart chart = small_chart();
  chart.options.width = 720;
  Series& series = chart.series[0];
  series = {};
  Random random(3);
  for (int i = 0; i < 100000; ++i) {
    series.x.push_back(i);
    series.y.push_back(i == 54321 ? 9 : random.uniform());
  }
  const Drawing drawing = draw(chart);
  EXPECT_LT(drawing.body.size(), 4 * 720 * 16u);
  // The one outlier is still the highest point, at the top of the axis or below it.
  std::string path = drawing.body.substr(drawing.body.find("class=\"line s0\" d=\"") + 19);
  path = path.substr(0, path.find('"'));
  std::ranges::replace_if(
      path, [](char c) { return c == 'M' || c == 'L'; }, ' ');
  std::istringstream places(path);
  double highest = 1000;
  for (double x = 0, y = 0; places >> x >> y;)
    highest = std::min(highest, y);
  EXPECT_LT(highest, 100);
}

TEST(LineChart, SeriesAreNamedBesideTheirEndsOrInALegend) {
  LineChart chart = small_chart();
  const Series series = chart.series[0];
  chart.series.assign(4, series);
  const Drawing few = draw(chart);
  EXPECT_EQ(few.height, 200);
  EXPECT_EQ(count(few.body, "class=\"legend\""), 0u);
  // All four end at the same value; their names do not.
  std::vector<double> at = baselines(few.body, "a");
  ASSERT_EQ(at.size(), 4u);
  std::sort(at.begin(), at.end());
  for (std::size_t i = 1; i < at.size(); ++i)
    EXPECT_GE(at[i] - at[i - 1], 14);

  chart.series.assign(20, series);
  const Drawing many = draw(chart);
  EXPECT_EQ(count(many.body, "class=\"legend\""), 20u);
  EXPECT_GT(many.height, 200);
  expect_inside(many);
  EXPECT_THAT(many.body, HasSubstr("class=\"line s0 dashed\"")) << "the ninth looks another than the first";
}

TEST(LineChart, WrongInputIsRefused) {
  const auto message = [](const Series& series) {
    LineChart chart = small_chart();
    chart.series = {series};
    try {
      draw(chart);
    } catch (const InvalidArgument& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_THAT(message({.x = {1, 2}, .y = {1}}), HasSubstr("2 x, 1 y"));
  EXPECT_THAT(message({.x = {1, 2}, .y = {1, 2}, .low = {1, 2}}), HasSubstr("2 low and 0 high"));
  EXPECT_THAT(message({.x = {2, 1}, .y = {1, 2}}), HasSubstr("x 1 follows 2, expected ascending"));
  LineChart chart = small_chart();
  chart.options.width = 10;
  EXPECT_THROW(draw(chart), InvalidArgument);
}

TEST(ScatterChart, ManyPointsAreDrawnOnceWhereTheyCoverEachOther) {
  ScatterChart chart;
  Random random(5);
  for (int i = 0; i < 100000; ++i) {
    chart.x_values.push_back(random.normal());
    chart.y_values.push_back(random.normal());
    chart.colors.push_back(i);
  }
  const Drawing drawing = draw(chart);
  const std::size_t drawn = count(drawing.body, "<circle");
  EXPECT_LE(drawn, 4000u);
  EXPECT_GT(drawn, 500u);
  EXPECT_THAT(drawing.body, HasSubstr("of 100000 points drawn: the others lie under them"));
  expect_inside(drawing);
}

TEST(ScatterChart, MarksDoNotCoverEachOther) {
  ScatterChart chart;
  chart.x_values = {1, 2};
  chart.y_values = {1, 2};
  chart.marks = {{1, 1, "default"}, {1, 1, "best"}, {2, 2, "last"}};
  const std::string body = draw(chart).body;
  EXPECT_GE(std::abs(baselines(body, "default").at(0) - baselines(body, "best").at(0)), 13);
  expect_inside(draw(chart));
}

TEST(BarChart, ShowsWhatIsNotFiniteAsWords) {
  BarChart chart;
  chart.bars = {
      {.name = "a", .value = NAN}, {.name = "b", .value = 2, .low = NAN, .high = 3}, {.name = "c", .value = -1}};
  const Drawing drawing = draw(chart);
  EXPECT_EQ(count(drawing.body, "not finite"), 1u);
  EXPECT_EQ(count(drawing.body, "<rect"), 2u);
  EXPECT_EQ(count(drawing.body, "whisker"), 0u);
  EXPECT_THAT(drawing.description, HasSubstr("a: not finite; b: 2.000; c: −1.000"));
  chart.x.scale = Scale::log;
  EXPECT_THROW(draw(chart), InvalidArgument);
}

TEST(Histogram, CountsEveryValueOnce) {
  Random random(9);
  for (const int bins : {0, 1, 7, 200}) {
    for (const Scale scale : {Scale::linear, Scale::log}) {
      Histogram chart;
      chart.bins = bins;
      chart.x.scale = scale;
      for (int i = 0; i < 1000; ++i)
        chart.values.push_back(random.exponential() + 0.001);
      const std::string body = draw(chart).body;
      const std::vector<double> counts = numbers_after(body, "<title>");
      const double total = std::accumulate(counts.begin(), counts.end(), 0.0);
      EXPECT_EQ(total, 1000) << bins;
    }
  }
}

TEST(Charts, NothingOnePointAndExtremesAreDrawn) {
  const std::vector<std::vector<double>> inputs{
      {}, {NAN}, {0}, {1e15}, {DBL_MAX, -DBL_MAX}, {DBL_MIN / 8, 0}, {5, 5, 5}, {1e300, 1e-300}, {INFINITY, 1}};
  for (const std::vector<double>& values : inputs)
    for (const Scale scale : {Scale::linear, Scale::log}) {
      std::vector<double> x(values.size());
      std::iota(x.begin(), x.end(), 1.0);
      LineChart line;
      line.x.scale = line.y.scale = scale;
      line.series.push_back({.name = "s", .x = x, .y = values, .style = LineStyle::points});
      ScatterChart scatter;
      scatter.x.scale = scatter.y.scale = scale;
      scatter.x_values = scatter.y_values = scatter.colors = values;
      Histogram histogram;
      histogram.x.scale = scale;
      histogram.values = values;
      BarChart bars;
      for (const double value : values)
        bars.bars.push_back({.name = "bar", .value = value, .low = value, .high = value});
      for (const Drawing& drawing : {draw(line), draw(scatter), draw(histogram), draw(bars)}) {
        expect_inside(drawing);
        EXPECT_FALSE(drawing.description.empty());
      }
    }
  EXPECT_THAT(draw(LineChart{}).body, HasSubstr("No data to show"));
  EXPECT_THAT(draw(ScatterChart{}).body, HasSubstr("No data to show"));
  EXPECT_THAT(draw(Histogram{}).body, HasSubstr("No data to show"));
  EXPECT_THAT(draw(BarChart{}).body, HasSubstr("No data to show"));
}

TEST(Charts, HostileTextIsEscapedEverywhere) {
  const std::string evil = "<script>alert('x')</script>&\"";
  LineChart line = small_chart();
  line.options.title = line.options.description = line.x.title = line.y.title = line.series[0].name = evil;
  ScatterChart scatter;
  scatter.options = line.options;
  scatter.x = {.title = evil, .categories = {evil}};
  scatter.color_title = evil;
  scatter.x_values = scatter.y_values = scatter.colors = {0};
  scatter.labels = {evil};
  scatter.marks = {{0, 0, evil}};
  BarChart bars;
  bars.options = line.options;
  bars.x.title = evil;
  bars.bars = {{.name = evil, .value = 1}};
  Histogram histogram;
  histogram.options = line.options;
  histogram.x.title = histogram.y_title = evil;
  histogram.values = {1, 2};
  for (const Drawing& drawing : {draw(line), draw(scatter), draw(bars), draw(histogram)}) {
    EXPECT_THAT(to_svg_file(drawing), Not(HasSubstr("<script")));
    EXPECT_THAT(drawing.body, HasSubstr("&lt;script"));
  }
}

TEST(SvgFile, IsADocumentWithNamesForThoseWhoCannotSee) {
  const std::string file = to_svg_file(draw(small_chart()));
  EXPECT_TRUE(
      file.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\""));
  EXPECT_THAT(file, HasSubstr("<title>Loss</title><desc>Line chart of loss against iteration: iteration from 1 to "
                              "3, loss from 0.1400 to 0.3500; a ends at 0.1500.</desc>"));
  EXPECT_THAT(file, HasSubstr("prefers-color-scheme:dark"));
  EXPECT_EQ(file, to_svg_file(draw(small_chart()))) << "the same bytes each time";
}

TEST(Arrange, PutsDrawingsInRows) {
  const Drawing one = draw(small_chart());
  const std::vector<Drawing> three(3, one);
  const Drawing all = arrange(three, 2, "All");
  EXPECT_EQ(all.width, 2 * 300 + 16);
  EXPECT_EQ(all.height, 36 + 2 * 200 + 16);
  EXPECT_THAT(all.body, HasSubstr("translate(0 36)"));
  EXPECT_THAT(all.body, HasSubstr("translate(316 36)"));
  EXPECT_THAT(all.body, HasSubstr("translate(0 252)"));
  EXPECT_THROW(arrange(three, 0, ""), InvalidArgument);
  EXPECT_EQ(arrange({}, 3, "").height, 0);
}

}  // namespace
}  // namespace segue::report
