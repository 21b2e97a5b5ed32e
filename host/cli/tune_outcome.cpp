#include "host/cli/tune_outcome.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "segue/core/file.hpp"

namespace segue::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kTableRows = 10;

Json importance_rows(const evaluate::TuneReport& report) {
  Json rows = Json::array();
  for (const evaluate::Importance& item :
       evaluate::importance(report.space, report.records, report.seed, report.first_rung))
    rows.push_back({{"parameter", item.key},
                    {"share_of_variance", std::max(0.0, item.explained)},
                    {"rank_correlation", item.correlation}});
  return rows;
}

Json number(double value) {
  return std::isnan(value) ? Json(nullptr) : Json(value);
}

Json trial_rows(const evaluate::TuneReport& report, std::size_t most) {
  Json rows = Json::array();
  for (std::size_t i = 0; i < report.trials.size(); ++i) {
    const auto& [trial, splits, mean] = report.trials[i];
    if (i >= most && trial.trial != 0)
      continue;
    Json row{{"trial", trial.trial},
             {report.metric, number(trial.score)},
             {"mean", number(mean)},
             {"splits", splits},
             {"iterations", trial.iterations}};
    const evaluate::Assignment values =
        trial.trial == 0 ? report.base : evaluate::draw_assignment(report.space, report.seed, trial.trial);
    for (std::size_t p = 0; p < values.size(); ++p) {
      const evaluate::Parameter& parameter = report.space[p];
      row[parameter.key.substr(parameter.key.find('.') + 1)] =
          parameter.choices.empty() ? Json(values[p]) : Json(value_text(parameter, values[p]));
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

Json to_json(const evaluate::Interval& interval) {
  return {{"mean", interval.mean}, {"low", interval.low}, {"high", interval.high}};
}

/// On what nothing was chosen by, where there is such a split: both are trained once more.
std::optional<evaluate::TuneComparison> compare_users(evaluate::AlsObjective& objective,
                                                      const evaluate::AlsSettings& best,
                                                      const evaluate::AlsSettings& standing,
                                                      const evaluate::TuneReport& report) {
  int split = 0;
  if (objective.has_further_splits())
    split = 1 + std::ranges::max(report.records, {}, &evaluate::TrialRecord::split).split;
  const std::vector<double> ours = objective.values(best, split), theirs = objective.values(standing, split);
  if (ours.empty() || theirs.empty())  // did not converge
    return std::nullopt;
  const auto users = static_cast<std::int64_t>(ours.size());
  const MatrixView<const double> a(ours.data(), users, 1), b(theirs.data(), users, 1);
  return evaluate::TuneComparison{.fresh = split > 0,
                                  .best = evaluate::bootstrap_means(a, {})[0],
                                  .standing = evaluate::bootstrap_means(b, {})[0],
                                  .gain = evaluate::paired_differences(a, b, {})[0]};
}

void say(const fs::path& out, const evaluate::TuneReport& report, evaluate::TuneEnd end, const Session& session) {
  const Json rows = trial_rows(report, kTableRows);
  session.say_table(rows);
  session.say("");
  session.say_table(importance_rows(report));
  session.say("");
  const auto& [best, splits, mean] = report.trials[0];
  session.say(fmt::format("Best     {} {:.4f}{}, trial {} after {} iterations", report.metric, mean,
                          splits > 1 ? fmt::format(" over {} splits", splits) : "", best.trial, best.iterations));
  if (report.comparison && best.trial != 0) {
    const evaluate::PairedDifference& gain = report.comparison->gain;
    session.say(fmt::format(
        "Gain     {:+.4f} (95%: {:+.4f} to {:+.4f}, p = {:.2g}) over the configuration in force, {:.4f}",
        gain.difference.mean, gain.difference.low, gain.difference.high, gain.p, report.comparison->standing.mean));
    session.say(
        report.comparison->fresh
            ? "         (on one more split, which nothing was chosen by)"
            : "         (the best of many, on the users it was chosen by: `segue evaluate --config best.toml` is "
              "fair)");
  }
  session.say(fmt::format("Files    {0}/best.toml (for --config), {0}/tune.html, {0}/tune.svg, {0}/trials.jsonl",
                          out.string()));
  static constexpr const char* kEnds[] = {"trials", "budget", "stopped"};
  Json document{{"out", out.string()},
                {"metric", report.metric},
                {"best", rows[0]},
                {"trials", report.trials.size()},
                {"records", report.records.size()},
                {"seconds", report.records.back().elapsed},
                {"ended_by", kEnds[static_cast<int>(end)]}};
  if (report.comparison)
    document.update({{"compared_on", report.comparison->fresh ? "a further split" : "the search's split"},
                     {"best_interval", to_json(report.comparison->best)},
                     {"standing_interval", to_json(report.comparison->standing)},
                     {"gain", to_json(report.comparison->gain.difference)},
                     {"p", report.comparison->gain.p}});
  document.update({{"top", rows}, {"importance", importance_rows(report)}});
  session.answer(document);
}

}  // namespace

void write_tuning(const fs::path& out, evaluate::TuneReport report, evaluate::AlsObjective& objective,
                  evaluate::TuneEnd end, const Session& session) {
  const pipeline::Config& config = session.config();
  if (report.trials.empty() || std::isnan(report.trials[0].mean))
    throw Error(end == evaluate::TuneEnd::stopped
                    ? "tune: stopped before the first trial ended"
                    : "tune: no trial has a score; see " + (out / "trials.jsonl").string());
  const evaluate::TrialRecord& best = report.trials[0].best;
  const evaluate::AlsSettings standing{config.interactions, config.als.als};
  evaluate::AlsSettings settings = objective.settings(best.trial, report.seed);
  settings.als.iterations = best.iterations;
  if (end != evaluate::TuneEnd::stopped)
    report.comparison = compare_users(objective, settings, standing, report);
  pipeline::Config tuned = config;
  tuned.interactions = settings.interactions;
  tuned.als.als = settings.als;
  report.best_toml = pipeline::to_toml(tuned);
  write_file(out / "best.toml", report.best_toml);
  write_file(out / "tune.svg", report::to_svg_file(evaluate::tune_drawing(report)));
  write_file(out / "tune.html", evaluate::tune_page(report));
  say(out, report, end, session);
}

}  // namespace segue::cli
