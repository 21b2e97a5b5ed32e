#include "host/cli/evaluate_outcome.hpp"

#include <algorithm>

#include "segue/core/date.hpp"
#include "segue/core/file.hpp"
#include "segue/data/table_reader.hpp"

namespace segue::cli {
namespace {

using namespace evaluate;

Json interval_json(const Interval& interval) {
  return {{"mean", interval.mean}, {"low", interval.low}, {"high", interval.high}};
}

/// The table for people has what is said of the catalogue at the first length only.
bool is_shown(const Metric& metric, const QualityReport& report) {
  return metric.kind < MetricKind::popularity || metric.k == report.main.k;
}

/// Rows are metrics, columns models: "0.1436 ± 0.0085".
Json metric_rows(const QualityReport& report) {
  Json rows = Json::array();
  const std::vector<Metric>& metrics = report.models[0].evaluation.metrics;
  for (std::size_t m = 0; m < metrics.size(); ++m) {
    if (!is_shown(metrics[m], report))
      continue;
    Json row{{"metric", to_string(metrics[m])}};
    for (const ModelReport& model : report.models) {
      const Interval& interval = model.intervals[m];
      row[model.name] = fmt::format("{:.4f} ± {:.4f}", interval.mean, (interval.high - interval.low) / 2);
    }
    rows.push_back(std::move(row));
  }
  const int k = report.models[0].evaluation.catalogue[0].k;
  Json coverage{{"metric", fmt::format("coverage@{}", k)}}, gini{{"metric", fmt::format("gini@{}", k)}};
  for (const ModelReport& model : report.models) {
    coverage[model.name] = fmt::format("{:.4f}", model.evaluation.catalogue[0].coverage);
    gini[model.name] = fmt::format("{:.4f}", model.evaluation.catalogue[0].gini);
  }
  rows.push_back(std::move(coverage));
  rows.push_back(std::move(gini));
  Json training{{"metric", "training, s"}}, evaluation{{"metric", "evaluation, s"}};
  for (const ModelReport& model : report.models) {
    training[model.name] = fmt::format("{:.2f}", model.training_seconds);
    evaluation[model.name] = fmt::format("{:.2f}", model.evaluation.seconds);
  }
  rows.push_back(std::move(training));
  rows.push_back(std::move(evaluation));
  return rows;
}

Json difference_rows(const QualityReport& report) {
  Json rows = Json::array();
  const std::vector<Metric>& metrics = report.models[0].evaluation.metrics;
  for (std::size_t i = 1; i < report.models.size(); ++i)
    for (std::size_t m = 0; m < metrics.size(); ++m) {
      const bool shown = metrics[m].kind == MetricKind::ndcg || metrics[m].kind == MetricKind::recall ||
                         metrics[m].kind == MetricKind::mrr || metrics[m].kind == MetricKind::auc;
      const PairedDifference& paired = report.models[i].differences[m];
      if (shown)
        rows.push_back(
            {{"difference", fmt::format("{} − {}", report.models[0].name, report.models[i].name)},
             {"metric", to_string(metrics[m])},
             {"mean", fmt::format("{:+.4f}", paired.difference.mean)},
             {"95% interval", fmt::format("{:+.4f} to {:+.4f}", paired.difference.low, paired.difference.high)},
             {"p", fmt::format("{:.4f}", paired.p)}});
    }
  return rows;
}

Json model_json(const ModelReport& model) {
  Json metrics = Json::object(), differences = Json::object(), catalogue = Json::array();
  for (std::size_t m = 0; m < model.intervals.size(); ++m) {
    const std::string name = to_string(model.evaluation.metrics[m]);
    metrics[name] = interval_json(model.intervals[m]);
    if (!model.differences.empty()) {
      differences[name] = interval_json(model.differences[m].difference);
      differences[name]["p"] = model.differences[m].p;
    }
  }
  for (const CatalogueFigures& figures : model.evaluation.catalogue)
    catalogue.push_back({{"k", figures.k}, {"coverage", figures.coverage}, {"gini", figures.gini}});
  Json document{{"model", model.name},
                {"training_seconds", model.training_seconds},
                {"evaluation_seconds", model.evaluation.seconds},
                {"metrics", metrics},
                {"catalogue", catalogue},
                {"loss", model.loss},
                {"curve", model.curve}};
  if (!model.differences.empty())
    document["first_minus_this"] = differences;
  return document;
}

Json report_json(const QualityReport& report, const SplitCounts& counts) {
  Json models = Json::array(), learning = Json::array();
  for (const ModelReport& model : report.models)
    models.push_back(model_json(model));
  for (const LearningPoint& point : report.learning)
    learning.push_back({{"share", point.share}, {to_string(report.main), interval_json(point.value)}});
  return {{"data", report.data},
          {"users", counts.users},
          {"held_out", counts.held_out},
          {"unreachable", counts.unreachable},
          {"users_with_few_songs", counts.users_with_few_songs},
          {"users_without_training", counts.users_without_training},
          {"rows_without_time", counts.rows_without_time},
          {"from", counts.from == 0 ? Json() : Json(format_timestamp(counts.from))},
          {"consumed_popularity", report.consumption.popularity},
          {"consumed_long_tail", report.consumption.long_tail},
          {"models", models},
          {"learning_curve", learning}};
}

/// A row for each model and user.
void write_per_user(const std::string& path, const QualityReport& report, const Split& split,
                    const data::IdTable& users) {
  const std::vector<Metric>& metrics = report.models[0].evaluation.metrics;
  std::string text = "model,user_id,songs,held_out";
  for (const Metric& metric : metrics)
    text += fmt::format(",{}", to_string(metric));
  text += "\n";
  for (const ModelReport& model : report.models)
    for (std::size_t i = 0; i < split.users.size(); ++i) {
      const auto row = static_cast<std::int64_t>(i);
      data::append_csv_field(text, model.name);
      text += ",";
      data::append_csv_field(text, users.id(split.users[i]));
      text += fmt::format(",{},{}", split.seen.view().row_size(row), split.held_out.view().row_size(row));
      for (const double value : model.evaluation.per_user.row(row))
        text += fmt::format(",{}", value);
      text += "\n";
    }
  write_file(path, text);
}

}  // namespace

Metric main_metric(const std::vector<int>& at) {
  return {MetricKind::ndcg, at.front()};
}

std::string describe_split(const SplitOptions& options, const SplitCounts& counts, std::int64_t songs) {
  std::string text;
  if (options.protocol == Protocol::leave_k_out)
    text = fmt::format("{} random songs of each user with at least {} are held out ({} users have fewer).", options.k,
                       options.min_songs, counts.users_with_few_songs);
  else if (options.protocol == Protocol::strong)
    text = fmt::format(
        "The model never met the users that are evaluated; it is given {:.0f}% of the songs of each, and is to find "
        "the "
        "others.",
        100 * (1 - options.held_out_songs));
  else
    text = fmt::format("Held out is what users first streamed from {} on{} ({} users streamed nothing before).",
                       format_timestamp(counts.from),
                       counts.rows_without_time == 0
                           ? ""
                           : fmt::format("; {} listens without a time are left out", counts.rows_without_time),
                       counts.users_without_training);
  return fmt::format(
      "{} {} part: {} songs of {} users, {} of them songs that nobody streams in training. All {} songs are "
      "ranked for each user, but those streamed in training.",
      text, options.part == Part::test ? "Test" : "Validation", counts.held_out, counts.users, counts.unreachable,
      songs);
}

void answer_evaluation(const QualityReport& report, const EvaluateOutputs& outputs, const Split& split,
                       const data::IdTable& users, const Session& session) {
  if (!outputs.per_user.empty())
    write_per_user(outputs.per_user, report, split, users);
  if (!outputs.report.empty())
    write_file(outputs.report, quality_page(report));
  session.say(report.split);
  session.say_table(metric_rows(report));
  session.say_table(difference_rows(report));
  session.say(fmt::format("Streamed in training by these users: popularity {:.3f}, long-tail share {:.3f}",
                          report.consumption.popularity, report.consumption.long_tail));
  if (!report.learning.empty()) {
    Json rows = Json::array();
    for (const LearningPoint& point : report.learning)
      rows.push_back({{"share of the training pairs", fmt::format("{:.0f}%", 100 * point.share)},
                      {to_string(report.main), fmt::format("{:.4f}", point.value.mean)},
                      {"95% interval", fmt::format("{:.4f} to {:.4f}", point.value.low, point.value.high)}});
    session.say_table(rows);
  }
  if (!outputs.report.empty())
    session.say("Report: " + outputs.report);
  session.answer(report_json(report, split.counts));
}

}  // namespace segue::cli
