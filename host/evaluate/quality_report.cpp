#include "segue/evaluate/quality_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "segue/report/chart.hpp"
#include "segue/report/page.hpp"

namespace segue::evaluate {
namespace {

report::Cell number(std::string text) {
  return {.text = std::move(text), .numeric = true};
}

std::string with_interval(const Interval& interval) {
  return fmt::format("{:.4f} ({:.4f} to {:.4f})", interval.mean, interval.low, interval.high);
}

std::vector<double> counting(std::size_t count) {
  std::vector<double> values(count);
  std::iota(values.begin(), values.end(), 1.0);
  return values;
}

std::size_t place_of(const Evaluation& evaluation, const Metric& metric) {
  const auto found = std::find(evaluation.metrics.begin(), evaluation.metrics.end(), metric);
  return static_cast<std::size_t>(found - evaluation.metrics.begin());
}

void add_metrics(const QualityReport& report, report::Page& page) {
  report::Table table;
  table.caption = "Means over users, with the 95% intervals of a bootstrap over users";
  table.headers = {"metric"};
  for (const ModelReport& model : report.models)
    table.headers.push_back(model.name);
  const std::vector<Metric>& metrics = report.models[0].evaluation.metrics;
  for (std::size_t m = 0; m < metrics.size(); ++m) {
    std::vector<report::Cell> row{{.text = to_string(metrics[m])}};
    for (const ModelReport& model : report.models)
      row.push_back(number(with_interval(model.intervals[m])));
    table.rows.push_back(std::move(row));
  }
  page.table(table);
}

void add_comparison(const QualityReport& report, report::Page& page) {
  report::BarChart chart;
  chart.options.title = fmt::format("{} of each model", to_string(report.main));
  chart.x.title = to_string(report.main);
  for (std::size_t i = 0; i < report.models.size(); ++i) {
    const ModelReport& model = report.models[i];
    const Interval& interval = model.intervals[place_of(model.evaluation, report.main)];
    report::Bar bar;
    bar.name = model.name;
    bar.value = interval.mean;
    bar.low = interval.low;
    bar.high = interval.high;
    bar.color = i == 0 ? 0 : 1;
    chart.bars.push_back(std::move(bar));
  }
  page.figure(draw(chart), "The lines are 95% intervals of a bootstrap over users.");
}

void add_differences(const QualityReport& report, report::Page& page) {
  if (report.models.size() < 2)
    return;
  report::Table table;
  table.caption = fmt::format(
      "{} minus each other model over the same users; p is that of a sign-flip randomisation test, that they do not "
      "differ",
      report.models[0].name);
  table.headers = {"metric"};
  for (std::size_t i = 1; i < report.models.size(); ++i)
    table.headers.insert(table.headers.end(), {fmt::format("minus {}", report.models[i].name), "p"});
  const std::vector<Metric>& metrics = report.models[0].evaluation.metrics;
  for (std::size_t m = 0; m < metrics.size(); ++m) {
    std::vector<report::Cell> row{{.text = to_string(metrics[m])}};
    for (std::size_t i = 1; i < report.models.size(); ++i) {
      row.push_back(number(with_interval(report.models[i].differences[m].difference)));
      row.push_back(number(fmt::format("{:.4f}", report.models[i].differences[m].p)));
    }
    table.rows.push_back(std::move(row));
  }
  page.table(table);
}

void add_catalogue(const QualityReport& report, report::Page& page) {
  page.section("Catalogue");
  page.paragraph(fmt::format(
      "What the evaluated users stream in training has a mean popularity percentile of {:.3f}, and {:.1f}% of it lies "
      "in "
      "the long tail: the songs outside the most streamed ones that together have 80% of the pairs. Coverage is the "
      "share of all songs that are in somebody's list; Gini is 0 where all songs are listed alike, 1 where all lists "
      "are the same song.",
      report.consumption.popularity, 100 * report.consumption.long_tail));
  report::Table table;
  table.headers = {"model", "k", "coverage", "Gini", "popularity percentile", "long-tail share"};
  for (const ModelReport& model : report.models)
    for (const CatalogueFigures& figures : model.evaluation.catalogue)
      table.rows.push_back({{.text = model.name},
                            number(fmt::format("{}", figures.k)),
                            number(fmt::format("{:.4f}", figures.coverage)),
                            number(fmt::format("{:.4f}", figures.gini)),
                            number(fmt::format("{:.3f}", model.evaluation.mean({MetricKind::popularity, figures.k}))),
                            number(fmt::format("{:.3f}", model.evaluation.mean({MetricKind::long_tail, figures.k})))});
  page.table(table);
}

/// One line for each model that has such values.
void add_iterations(const QualityReport& report, std::vector<double> ModelReport::*values, const std::string& what,
                    const std::string& caption, report::Page& page) {
  report::LineChart chart;
  chart.options.title = fmt::format("{} after each iteration", what);
  chart.x.title = "iteration";
  chart.y.title = what;
  for (const ModelReport& model : report.models)
    if (!(model.*values).empty()) {
      report::Series series;
      series.name = model.name;
      series.x = counting((model.*values).size());
      series.y = model.*values;
      series.style = report::LineStyle::points;
      chart.series.push_back(std::move(series));
    }
  if (!chart.series.empty())
    page.figure(draw(chart), caption);
}

void add_learning(const QualityReport& report, report::Page& page) {
  if (report.learning.empty())
    return;
  report::LineChart chart;
  chart.options.title = "Learning curve";
  chart.x.title = "share of the training pairs, %";
  chart.y.title = to_string(report.main);
  report::Series series;
  series.name = report.models[0].name;
  series.style = report::LineStyle::points;
  for (const LearningPoint& point : report.learning) {
    series.x.push_back(100 * point.share);
    series.y.push_back(point.value.mean);
    series.low.push_back(point.value.low);
    series.high.push_back(point.value.high);
  }
  chart.series.push_back(std::move(series));
  page.figure(
      draw(chart),
      "The model trained on a random part of the training pairs; a curve that still rises at 100% says that more "
      "listens would help. The band is the 95% interval.");
}

void add_users(const QualityReport& report, report::Page& page) {
  page.section("Users");
  report::Histogram histogram;
  histogram.options.title = fmt::format("{} by user, {}", to_string(report.main), report.models[0].name);
  histogram.x.title = to_string(report.main);
  histogram.y_title = "users";
  histogram.values = report.models[0].evaluation.values(report.main);
  page.figure(draw(histogram), "How well single users are served: the mean hides those who get nothing.");
  report::Table table;
  table.caption = "Users with the worst results; of equal ones, those with most songs in training";
  table.headers = {"user", "songs in training", "songs held out", to_string(report.main)};
  for (const UserReport& user : report.worst)
    table.rows.push_back({{.text = user.id},
                          number(fmt::format("{}", user.songs)),
                          number(fmt::format("{}", user.held_out)),
                          number(fmt::format("{:.4f}", user.value))});
  page.table(table);
}

void add_times(const QualityReport& report, report::Page& page) {
  report::Table table;
  table.headers = {"model", "what it is", "training, s", "evaluation, s"};
  for (const ModelReport& model : report.models)
    table.rows.push_back({{.text = model.name},
                          {.text = model.description},
                          number(fmt::format("{:.2f}", model.training_seconds)),
                          number(fmt::format("{:.2f}", model.evaluation.seconds))});
  page.table(table);
}

}  // namespace

std::vector<std::int64_t> worst_users(const Evaluation& evaluation, const Split& split, const Metric& metric,
                                      std::int64_t count) {
  const std::vector<double> values = evaluation.values(metric);
  std::vector<std::int64_t> rows(values.size());
  std::iota(rows.begin(), rows.end(), std::int64_t{0});
  const auto value = [&](std::int64_t row) { return values[static_cast<std::size_t>(row)]; };
  std::stable_sort(rows.begin(), rows.end(), [&](std::int64_t a, std::int64_t b) {
    return value(a) != value(b) ? value(a) < value(b) : split.seen.view().row_size(a) > split.seen.view().row_size(b);
  });
  rows.resize(static_cast<std::size_t>(std::min(count, static_cast<std::int64_t>(rows.size()))));
  return rows;
}

std::string quality_page(const QualityReport& report) {
  report::Page page(fmt::format("How good are the recommendations? {}", report.data));
  page.paragraph(report.split);
  if (!report.caveat.empty())
    page.paragraph(report.caveat);
  page.section("Models");
  add_times(report, page);
  add_comparison(report, page);
  add_metrics(report, page);
  add_differences(report, page);
  add_catalogue(report, page);
  page.section("Training");
  add_iterations(report, &ModelReport::loss, "training loss", "Lower is a closer fit, not a better recommender.", page);
  add_iterations(report, &ModelReport::curve, to_string(report.main), "On the held-out songs.", page);
  add_learning(report, page);
  add_users(report, page);
  page.section("Configuration");
  page.code(report.configuration);
  return page.html();
}

}  // namespace segue::evaluate
