#include "segue/evaluate/tune.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "host/evaluate/tune_runner.hpp"
#include "segue/core/error.hpp"

namespace segue::evaluate {
namespace {

void check(const TuneOptions& options) {
  if (options.trials < 0 || !(options.seconds >= 0) || (options.trials == 0 && options.seconds == 0))
    throw InvalidArgument(fmt::format("tune: {} trials in {} s: give a number of trials or a time, above 0",
                                      options.trials, options.seconds));
  if (options.rungs.empty() || options.rungs.front() < 1 || !std::ranges::is_sorted(options.rungs))
    throw InvalidArgument(
        fmt::format("tune: rungs {}, expected ascending numbers of iterations from 1", fmt::join(options.rungs, ", ")));
  if (options.bracket < 1 || options.default_iterations < 1)
    throw InvalidArgument(fmt::format("tune: bracket {}, default_iterations {}; expected at least 1", options.bracket,
                                      options.default_iterations));
  if (options.candidates < 0)
    throw InvalidArgument(fmt::format("tune: candidates {}, expected 0 (none) or more", options.candidates));
}

class Search {
 public:
  Search(TrialRunner& runner, Progress& progress)
      : runner_(runner),
        options_(runner.options()),
        task_(progress, "tune", options_.trials > 0 ? options_.trials : static_cast<std::int64_t>(search_seconds()),
              options_.trials > 0 ? "trials" : "s") {}

  TuneEnd run() {
    runner_.set_deadline(search_seconds());
    std::optional<TuneEnd> end = record(0, options_.default_iterations) ? std::nullopt : why_stopped();
    for (std::int64_t first = 1; !end; first += options_.bracket)
      end = run_bracket(first);
    return *end;
  }

 private:
  double search_seconds() const { return options_.seconds * (options_.candidates > 1 ? 1 - kConfirmationShare : 1); }
  std::optional<TuneEnd> why_stopped() const { return runner_.out_of_time() ? TuneEnd::seconds : TuneEnd::stopped; }

  std::optional<TuneEnd> run_bracket(std::int64_t first) {
    std::vector<std::int64_t> alive;
    for (std::int64_t trial = first; trial < first + options_.bracket; ++trial)
      if (options_.trials == 0 || trial < options_.trials)
        alive.push_back(trial);
    if (alive.empty())
      return TuneEnd::trials;
    trainees_.clear();
    for (const int iterations : options_.rungs) {
      std::vector<TrialRecord> scores;
      for (const std::int64_t trial : alive) {
        const std::optional<TrialRecord> score = record(trial, iterations);
        if (!score)
          return why_stopped();
        scores.push_back(*score);
      }
      promote(scores, alive);
    }
    return std::nullopt;
  }

  /// Leaves the best third of `alive`, at least one; of equal ones the first.
  void promote(std::vector<TrialRecord>& scores, std::vector<std::int64_t>& alive) {
    std::ranges::stable_sort(scores, is_better, &TrialRecord::score);
    scores.resize(std::max<std::size_t>(1, scores.size() / kTuneReduction));
    alive.clear();
    for (const TrialRecord& score : scores)
      alive.push_back(score.trial);
    std::sort(alive.begin(), alive.end());
    std::erase_if(trainees_, [&](const auto& trainee) { return !std::ranges::binary_search(alive, trainee.first); });
  }

  /// Nothing: stopped.
  std::optional<TrialRecord> record(std::int64_t trial, int iterations) {
    const std::optional<TrialRecord> record = runner_.record(trial, iterations, 0, trainees_[trial]);
    if (record)
      show(*record);
    return record;
  }

  void show(const TrialRecord& record) {
    const std::int64_t done = options_.trials > 0 ? std::max(shown_, record.trial + 1)
                                                  : std::max(shown_, static_cast<std::int64_t>(record.elapsed));
    task_.advance(done - shown_);
    shown_ = done;
    if (is_better(record.score, best_.score))
      best_ = record;
    if (!std::isnan(best_.score))
      task_.note(fmt::format("best {:.4f} (trial {}, {} iterations)", best_.score, best_.trial, best_.iterations));
  }

  TrialRunner& runner_;
  const TuneOptions& options_;
  std::map<std::int64_t, std::unique_ptr<Trainee>> trainees_;
  TrialRecord best_{.score = NAN};
  ProgressTask task_;
  std::int64_t shown_ = 0;
};

}  // namespace

TuneResult tune(TuneObjective& objective, const TuneOptions& options, TrialLog& log, Progress& progress,
                const Stop& stop) {
  check(options);
  TrialRunner runner(objective, options, log, stop);
  TuneResult result;
  result.end = Search(runner, progress).run();
  result.trials = rank_by_search(log.records());
  runner.set_deadline(options.seconds);
  if (result.end != TuneEnd::stopped && options.candidates > 1 && !confirm(runner, result.trials, progress))
    result.end = TuneEnd::stopped;
  return result;
}

}  // namespace segue::evaluate
