#include "segue/evaluate/tune_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "segue/report/chart.hpp"
#include "segue/report/page.hpp"

namespace segue::evaluate {
namespace {

constexpr int kPanelWidth = 352, kPanelHeight = 270;
constexpr std::size_t kTableRows = 10;

/// Without its section.
std::string short_name(const Parameter& parameter) {
  return parameter.key.substr(parameter.key.find('.') + 1);  // npos + 1 is 0
}

std::string score_text(double score) {
  return std::isnan(score) ? "did not converge" : fmt::format("{:.4f}", score);
}

/// What charts and tables need of the trials, computed once.
struct View {
  const TuneReport& report;
  std::vector<TrialRecord> trials;  // best first
  std::vector<Assignment> values;   // of the same
  double floor = -INFINITY;         // lower scores are not drawn: they would press the others together
  std::int64_t below = 0;

  explicit View(const TuneReport& r) : report(r) {
    std::vector<double> scores;
    for (const RankedTrial& ranked : r.trials) {
      const TrialRecord& trial = trials.emplace_back(ranked.best);
      values.push_back(trial.trial == 0 ? r.base : draw_assignment(r.space, r.seed, trial.trial));
      if (!std::isnan(trial.score))
        scores.push_back(trial.score);
    }
    std::ranges::sort(scores, std::greater<>());
    if (!scores.empty())
      floor = scores[0] - 2 * (scores[0] - scores[scores.size() / 2]);
    below = std::ranges::count_if(trials, [&](const TrialRecord& trial) { return !(trial.score >= floor); });
  }

  std::string label(std::size_t i) const {
    std::string text = fmt::format("trial {}: {} after {} iterations", trials[i].trial, score_text(trials[i].score),
                                   trials[i].iterations);
    for (std::size_t p = 0; p < report.space.size(); ++p)
      text += fmt::format("; {} {}", report.space[p].key, value_text(report.space[p], values[i][p]));
    return text;
  }
  /// Where a trial stands on a parameter's axis; choices are spread out, so that points do not hide each other.
  double place(std::size_t i, std::size_t parameter) const {
    const double value = values[i][parameter];
    if (report.space[parameter].choices.empty())
      return value;
    const double golden = 0.6180339887498949 * static_cast<double>(trials[i].trial);
    return value + 0.5 * (golden - std::floor(golden) - 0.5);
  }
};

report::Axis axis_of(const Parameter& parameter) {
  report::Axis axis;
  axis.title = parameter.key;
  axis.scale = parameter.log ? report::Scale::log : report::Scale::linear;
  axis.categories = parameter.choices;
  return axis;
}

/// Best, and as configured, with their places in a chart.
template <class X, class Y>
std::vector<report::Mark> marks_of(const View& view, X x, Y y) {
  std::vector<report::Mark> marks;
  for (std::size_t i = 0; i < view.trials.size(); ++i)
    if (i == 0 || view.trials[i].trial == 0)
      marks.push_back({x(i), y(i), i == 0 ? "best" : "as configured"});
  return marks;
}

report::Drawing draw_parameter(const View& view, std::size_t parameter) {
  report::ScatterChart chart;
  chart.options.title = view.report.space[parameter].key;
  chart.options.width = kPanelWidth;
  chart.options.height = kPanelHeight;
  chart.x = axis_of(view.report.space[parameter]);
  chart.x.title = "";
  chart.y.title = view.report.metric;
  chart.color_title = "iterations";
  const auto x = [&](std::size_t i) { return view.place(i, parameter); };
  const auto y = [&](std::size_t i) { return view.trials[i].score; };
  for (std::size_t i = 0; i < view.trials.size(); ++i) {
    if (!(y(i) >= view.floor))
      continue;
    chart.x_values.push_back(x(i));
    chart.y_values.push_back(y(i));
    chart.colors.push_back(view.trials[i].iterations);
    chart.labels.push_back(view.label(i));
  }
  chart.marks = marks_of(view, x, y);
  return draw(chart);
}

report::Drawing draw_pair(const View& view, std::size_t a, std::size_t b) {
  report::ScatterChart chart;
  chart.options.title = fmt::format("{} and {}", view.report.space[a].key, view.report.space[b].key);
  chart.options.width = 2 * kPanelWidth + 16;
  chart.options.height = 400;
  chart.x = axis_of(view.report.space[a]);
  chart.y = axis_of(view.report.space[b]);
  chart.color_title = view.report.metric;
  const auto x = [&](std::size_t i) { return view.place(i, a); };
  const auto y = [&](std::size_t i) { return view.place(i, b); };
  for (std::size_t i = 0; i < view.trials.size(); ++i) {
    if (!(view.trials[i].score >= view.floor))
      continue;
    chart.x_values.push_back(x(i));
    chart.y_values.push_back(y(i));
    chart.colors.push_back(view.trials[i].score);
    chart.labels.push_back(view.label(i));
  }
  chart.marks = marks_of(view, x, y);
  return draw(chart);
}

report::Drawing draw_best_so_far(const TuneReport& report) {
  std::vector<TrialRecord> records = report.records;
  std::erase_if(records, [](const TrialRecord& record) { return record.split != 0; });
  const bool minutes = !records.empty() && records.back().elapsed > 300;
  report::LineChart chart;
  chart.options.title = "Best so far";
  chart.options.width = 2 * kPanelWidth + 16;
  chart.options.height = 300;
  chart.x.title = minutes ? "time, min" : "time, s";
  chart.x.low = 0;
  chart.y.title = fmt::format("{} on the validation part", report.metric);
  report::Series best{.name = "best so far", .style = report::LineStyle::steps};
  report::Series standing{.name = "as configured", .style = report::LineStyle::reference};
  double most = -INFINITY;
  for (const TrialRecord& record : records) {
    const double at = record.elapsed / (minutes ? 60 : 1);
    if (record.score > most || (&record == &records.back() && std::isfinite(most))) {
      most = std::isnan(record.score) ? most : std::max(most, record.score);
      best.x.push_back(at);
      best.y.push_back(most);
    }
    if (record.trial == 0) {
      standing.x = {at};
      standing.y = {record.score};
    }
  }
  if (!standing.x.empty()) {
    standing.x.push_back(best.x.empty() ? standing.x[0] : std::max(standing.x[0], best.x.back()));
    standing.y.push_back(standing.y[0]);
  }
  chart.series = {best, standing};
  return draw(chart);
}

/// Places of the two most important parameters with more than one value to choose from; fewer where there are not two.
std::vector<std::size_t> most_important(const TuneReport& report) {
  std::vector<std::size_t> places;
  for (const Importance& item : importance(report.space, report.records, report.seed, report.first_rung)) {
    const auto found = std::ranges::find(report.space, item.key, &Parameter::key);
    if (places.size() < 2 && found->choices.empty())
      places.push_back(static_cast<std::size_t>(found - report.space.begin()));
  }
  return places;
}

report::Table best_trials(const View& view) {
  report::Table table;
  table.caption = fmt::format("The best of {} trials: {} on the validation part, and the mean over so many splits",
                              view.trials.size(), view.report.metric);
  table.headers = {"trial", view.report.metric, "mean", "splits", "iterations"};
  for (const Parameter& parameter : view.report.space)
    table.headers.push_back(short_name(parameter));
  for (std::size_t i = 0; i < view.trials.size(); ++i) {
    if (i >= kTableRows && view.trials[i].trial != 0)
      continue;
    std::vector<report::Cell> row{
        {view.trials[i].trial == 0 ? "0, as configured" : std::to_string(view.trials[i].trial)},
        {score_text(view.trials[i].score), true},
        {score_text(view.report.trials[i].mean), true},
        {std::to_string(view.report.trials[i].splits), true},
        {std::to_string(view.trials[i].iterations), true}};
    for (std::size_t p = 0; p < view.report.space.size(); ++p) {
      const double value = view.values[i][p];
      row.push_back({view.report.space[p].choices.empty() ? fmt::format("{:.4g}", value)
                                                          : value_text(view.report.space[p], value),
                     !has_words(view.report.space[p])});
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

report::Table importance_table(const TuneReport& report) {
  report::Table table;
  table.headers = {"parameter", "share of variance", "rank correlation"};
  for (const Importance& item : importance(report.space, report.records, report.seed, report.first_rung)) {
    const auto found = std::ranges::find(report.space, item.key, &Parameter::key);
    table.rows.push_back({{item.key},
                          {fmt::format("{:.2f}", std::max(0.0, item.explained)), true},
                          {has_words(*found) ? "" : fmt::format("{:+.2f}", item.correlation), true}});
  }
  return table;
}

std::string comparison_text(const TuneComparison& comparison) {
  const Interval& gain = comparison.gain.difference;
  return fmt::format(
      "{} it has {:.4f} ({:.4f} to {:.4f} in 95% of bootstrap resamples of users), the configuration as it stands "
      "{:.4f} ({:.4f} to {:.4f}). The difference is {:+.4f} ({:+.4f} to {:+.4f}), p = {:.2g}.{}",
      comparison.fresh ? "On one more split, which nothing was chosen by," : "On the users it was chosen by,",
      comparison.best.mean, comparison.best.low, comparison.best.high, comparison.standing.mean,
      comparison.standing.low, comparison.standing.high, gain.mean, gain.low, gain.high, comparison.gain.p,
      comparison.fresh ? "" : " It is the best of many there, so these figures flatter it.");
}

std::string outcome(const TuneReport& report) {
  if (report.trials.empty() || std::isnan(report.trials[0].mean))
    return "No trial has a score yet.";
  const auto& [best, splits, mean] = report.trials[0];
  std::string text =
      fmt::format("Best {}: {:.4f}, by trial {} after {} iterations", report.metric, mean, best.trial, best.iterations);
  if (splits > 1)
    text += fmt::format(", the mean over {} splits ({:.4f} on the search's)", splits, best.score);
  if (best.trial == 0)
    return text + ": the configuration as it stands.";
  text += ".";
  if (report.comparison)
    text += " " + comparison_text(*report.comparison);
  return text;
}

std::string how_chosen(const TuneReport& report) {
  return report.trials.empty() || report.trials[0].splits == 1
             ? "The best was chosen by this one split, on which the best of many trials looks better than it is."
             : "The best of them, and the configuration as it stands, were then scored on further splits of the same "
               "songs: all on one more, the better half on two more, and so forth. The one with the highest mean over "
               "all its splits was chosen: the best of many trials on one split is partly the luckiest.";
}

}  // namespace

report::Drawing tune_drawing(const TuneReport& report) {
  const View view(report);
  std::vector<report::Drawing> panels;
  for (std::size_t p = 0; p < report.space.size(); ++p)
    panels.push_back(draw_parameter(view, p));
  std::vector<report::Drawing> rows{draw_best_so_far(report), report::arrange(panels, 2, "")};
  if (const std::vector<std::size_t> pair = most_important(report); pair.size() == 2)
    rows.push_back(draw_pair(view, pair[0], pair[1]));
  return report::arrange(rows, 1, fmt::format("Tuning ALS on {}", report.data));
}

std::string tune_page(const TuneReport& report) {
  const View view(report);
  report::Page page(fmt::format("Tuning ALS on {}", report.data));
  page.paragraph(outcome(report));
  page.paragraph(fmt::format(
      "{} {} trials were drawn at random and compared by successive halving: the best third after {} iterations "
      "trained on, and so forth. {} What it is worth, the test part says, which this search never saw: segue evaluate "
      "--config best.toml.",
      report.split, view.trials.size(), report.first_rung, how_chosen(report)));
  if (!report.caveat.empty())
    page.paragraph(report.caveat);
  page.figure(draw_best_so_far(report), "The best score found so far, on the split of the search.");
  page.section("Best trials");
  page.table(best_trials(view));
  page.section("What mattered");
  page.paragraph(fmt::format(
      "Share of variance: how much of the variance of the scores' ranks lies between fifths of a parameter's values, "
      "or between its choices (epsilon squared of a one-way analysis of variance; chance gives 0). Rank correlation "
      "is Spearman's: + where more is better. Both look at one parameter alone, over all trials drawn, after {} "
      "iterations.",
      report.first_rung));
  page.table(importance_table(report));
  std::vector<report::Drawing> panels;
  for (std::size_t p = 0; p < report.space.size(); ++p)
    panels.push_back(draw_parameter(view, p));
  page.figure(
      report::arrange(panels, 2, ""),
      fmt::format("A point is a trial at its best on the split of the search; the more iterations that took, the "
                  "stronger its colour.{}",
                  view.below > 0
                      ? fmt::format(" {} trials that scored below {:.4f} are not drawn.", view.below, view.floor)
                      : ""));
  if (const std::vector<std::size_t> pair = most_important(report); pair.size() == 2)
    page.figure(draw_pair(view, pair[0], pair[1]), "The two parameters that mattered most; colour is the score.");
  page.section("Best configuration");
  page.code(report.best_toml);
  return page.html();
}

}  // namespace segue::evaluate
