#include "segue/evaluate/tune.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>

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
}

/// NaN is worse than any score.
bool is_better(const TrialRecord& a, const TrialRecord& b) {
  if (std::isnan(a.score) || std::isnan(b.score))
    return std::isnan(b.score) && !std::isnan(a.score);
  return a.score > b.score;
}

/// Runs what the log has not.
class Search {
 public:
  Search(TuneObjective& objective, const TuneOptions& options, TrialLog& log, Progress& progress, const Stop& stop)
      : objective_(objective),
        options_(options),
        log_(log),
        stop_(stop),
        before_(log.records().empty() ? 0 : log.records().back().elapsed),
        task_(progress, "tune", options.trials > 0 ? options.trials : static_cast<std::int64_t>(options.seconds),
              options.trials > 0 ? "trials" : "s") {}

  TuneEnd run() {
    std::optional<TuneEnd> end = record(0, options_.default_iterations) ? std::nullopt : why_stopped();
    for (std::int64_t first = 1; !end; first += options_.bracket)
      end = run_bracket(first);
    return *end;
  }

 private:
  double elapsed() const {
    return before_ + std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
  }
  bool out_of_time() const { return options_.seconds > 0 && elapsed() >= options_.seconds; }
  std::optional<TuneEnd> why_stopped() const { return out_of_time() ? TuneEnd::seconds : TuneEnd::stopped; }

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
    std::stable_sort(scores.begin(), scores.end(), is_better);
    scores.resize(std::max<std::size_t>(1, scores.size() / kTuneReduction));
    alive.clear();
    for (const TrialRecord& score : scores)
      alive.push_back(score.trial);
    std::sort(alive.begin(), alive.end());
    std::erase_if(trainees_, [&](const auto& trainee) { return !std::ranges::binary_search(alive, trainee.first); });
  }

  /// Nothing: stopped.
  std::optional<TrialRecord> record(std::int64_t trial, int iterations) {
    if (const TrialRecord* found = log_.find(trial, iterations)) {
      show(*found);
      return *found;
    }
    const Stop stop = [this] { return stop_() || out_of_time(); };
    if (stop())
      return std::nullopt;
    const double begin = elapsed();
    const std::optional<double> score = trainee(trial).score_after(iterations, stop);
    if (!score)
      return std::nullopt;
    const double now = elapsed();
    log_.append({.trial = trial, .iterations = iterations, .score = *score, .seconds = now - begin, .elapsed = now},
                values_of(trial));
    show(log_.records().back());
    return log_.records().back();
  }

  Trainee& trainee(std::int64_t trial) {
    std::unique_ptr<Trainee>& trainee = trainees_[trial];
    if (trainee == nullptr) {
      const Assignment assignment = draw_assignment(options_.space, options_.seed, trial);
      trainee = objective_.start(trial == 0 ? nullptr : &assignment);
    }
    return *trainee;
  }

  TrialLog::Fields values_of(std::int64_t trial) const {
    TrialLog::Fields fields;
    if (trial == 0)
      return fields;
    const Assignment assignment = draw_assignment(options_.space, options_.seed, trial);
    for (std::size_t i = 0; i < assignment.size(); ++i)
      fields.emplace_back(options_.space[i].key, value_text(options_.space[i], assignment[i]));
    return fields;
  }

  void show(const TrialRecord& record) {
    const std::int64_t done = options_.trials > 0 ? std::max(shown_, record.trial + 1)
                                                  : std::max(shown_, static_cast<std::int64_t>(record.elapsed));
    task_.advance(done - shown_);
    shown_ = done;
    if (const TrialRecord* best = best_record(log_.records()))
      task_.note(fmt::format("best {:.4f} (trial {}, {} iterations)", best->score, best->trial, best->iterations));
  }

  TuneObjective& objective_;
  const TuneOptions& options_;
  TrialLog& log_;
  const Stop& stop_;
  double before_;  // seconds of earlier, interrupted searches
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  std::map<std::int64_t, std::unique_ptr<Trainee>> trainees_;
  ProgressTask task_;
  std::int64_t shown_ = 0;
};

}  // namespace

TuneEnd tune(TuneObjective& objective, const TuneOptions& options, TrialLog& log, Progress& progress,
             const Stop& stop) {
  check(options);
  return Search(objective, options, log, progress, stop).run();
}

const TrialRecord* best_record(const std::vector<TrialRecord>& records) {
  const auto best = std::min_element(records.begin(), records.end(), is_better);
  return best == records.end() || std::isnan(best->score) ? nullptr : &*best;
}

std::vector<TrialRecord> best_by_trial(const std::vector<TrialRecord>& records) {
  std::map<std::int64_t, TrialRecord> best;
  for (const TrialRecord& record : records) {
    const auto [place, added] = best.try_emplace(record.trial, record);
    if (!added && is_better(record, place->second))
      place->second = record;
  }
  std::vector<TrialRecord> out;
  for (const auto& [trial, record] : best)
    out.push_back(record);
  std::stable_sort(out.begin(), out.end(), is_better);
  return out;
}

}  // namespace segue::evaluate
