#include "host/cli/tune_outcome.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "segue/core/file.hpp"
#include "segue/core/log.hpp"

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

Json trial_rows(const evaluate::TuneReport& report, std::size_t most) {
  Json rows = Json::array();
  const std::vector<evaluate::TrialRecord> trials = evaluate::best_by_trial(report.records);
  for (std::size_t i = 0; i < trials.size(); ++i) {
    const evaluate::TrialRecord& trial = trials[i];
    if (i >= most && trial.trial != 0)
      continue;
    Json row{{"trial", trial.trial},
             {report.metric, std::isnan(trial.score) ? Json(nullptr) : Json(trial.score)},
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

/// What the best trial and the configuration as it stands are worth to each user: both are trained once more.
std::optional<evaluate::TuneComparison> compare_users(evaluate::AlsObjective& objective,
                                                      const evaluate::AlsSettings& best,
                                                      const evaluate::AlsSettings& standing, double score) {
  const std::vector<double> ours = objective.values(best), theirs = objective.values(standing);
  if (ours.empty() || theirs.empty())  // did not converge
    return std::nullopt;
  const auto users = static_cast<std::int64_t>(ours.size());
  const MatrixView<const double> a(ours.data(), users, 1), b(theirs.data(), users, 1);
  const evaluate::TuneComparison comparison{.best = evaluate::bootstrap_means(a, {})[0],
                                            .standing = evaluate::bootstrap_means(b, {})[0],
                                            .gain = evaluate::paired_differences(a, b, {})[0]};
  if (comparison.best.mean != score)
    log::warn("the best trial scores {} now and {} in the log: it was made on another machine or by another build",
              comparison.best.mean, score);
  return comparison;
}

void say(const fs::path& out, const evaluate::TuneReport& report, const evaluate::TrialRecord& best,
         evaluate::TuneEnd end, const Session& session) {
  const Json rows = trial_rows(report, kTableRows);
  session.say_table(rows);
  session.say("");
  session.say_table(importance_rows(report));
  session.say("");
  session.say(fmt::format("Best     {} {:.4f}, trial {} after {} iterations", report.metric, best.score, best.trial,
                          best.iterations));
  if (report.comparison && best.trial != 0) {
    const evaluate::PairedDifference& gain = report.comparison->gain;
    session.say(fmt::format(
        "Gain     {:+.4f} (95%: {:+.4f} to {:+.4f}, p = {:.2g}) over the configuration in force, {:.4f}",
        gain.difference.mean, gain.difference.low, gain.difference.high, gain.p, report.comparison->standing.mean));
    session.say(
        "         (the best of many, on the users it was chosen by: `segue evaluate --config best.toml` is fair)");
  }
  session.say(fmt::format("Files    {0}/best.toml (for --config), {0}/tune.html, {0}/tune.svg, {0}/trials.jsonl",
                          out.string()));
  static constexpr const char* kEnds[] = {"trials", "budget", "stopped"};
  Json document{{"out", out.string()},
                {"metric", report.metric},
                {"best", rows[0]},
                {"trials", evaluate::best_by_trial(report.records).size()},
                {"records", report.records.size()},
                {"seconds", report.records.back().elapsed},
                {"ended_by", kEnds[static_cast<int>(end)]}};
  if (report.comparison)
    document.update({{"best_interval", to_json(report.comparison->best)},
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
  const evaluate::TrialRecord* best = evaluate::best_record(report.records);
  if (best == nullptr)
    throw Error(end == evaluate::TuneEnd::stopped
                    ? "tune: stopped before the first trial ended"
                    : "tune: no trial has a score; see " + (out / "trials.jsonl").string());
  const evaluate::AlsSettings standing{config.interactions, config.als.als};
  evaluate::AlsSettings settings = objective.settings(best->trial, report.seed);
  settings.als.iterations = best->iterations;
  if (end != evaluate::TuneEnd::stopped)
    report.comparison = compare_users(objective, settings, standing, best->score);
  pipeline::Config tuned = config;
  tuned.interactions = settings.interactions;
  tuned.als.als = settings.als;
  report.best_toml = pipeline::to_toml(tuned);
  write_file(out / "best.toml", report.best_toml);
  write_file(out / "tune.svg", report::to_svg_file(evaluate::tune_drawing(report)));
  write_file(out / "tune.html", evaluate::tune_page(report));
  say(out, report, *best, end, session);
}

}  // namespace segue::cli
