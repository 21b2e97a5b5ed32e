#include "host/evaluate/tune_runner.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace segue::evaluate {

double TrialRunner::elapsed() const {
  return before_ + std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
}

std::optional<TrialRecord> TrialRunner::record(std::int64_t trial, int iterations, int split,
                                               std::unique_ptr<Trainee>& trainee) {
  if (const TrialRecord* found = log_.find(trial, iterations, split))
    return *found;
  const Stop stop = [this] { return stop_() || out_of_time(); };
  if (stop())
    return std::nullopt;
  const double begin = elapsed();
  const Assignment assignment = draw_assignment(options_.space, options_.seed, trial);
  if (trainee == nullptr)
    trainee = objective_.start(trial == 0 ? nullptr : &assignment, split);
  const std::optional<double> score = trainee->score_after(iterations, stop);
  if (!score)
    return std::nullopt;
  const double now = elapsed();
  log_.append({.trial = trial,
               .iterations = iterations,
               .split = split,
               .score = *score,
               .seconds = now - begin,
               .elapsed = now},
              values_of(trial, assignment));
  return log_.records().back();
}

TrialLog::Fields TrialRunner::values_of(std::int64_t trial, const Assignment& assignment) const {
  TrialLog::Fields fields;
  for (std::size_t i = 0; trial != 0 && i < assignment.size(); ++i)
    fields.emplace_back(options_.space[i].key, value_text(options_.space[i], assignment[i]));
  return fields;
}

bool is_better(double a, double b) {
  return std::isnan(b) ? !std::isnan(a) : a > b;
}

std::vector<RankedTrial> rank_by_search(const std::vector<TrialRecord>& records) {
  std::map<std::int64_t, TrialRecord> best;
  for (const TrialRecord& record : records) {
    if (record.split != 0)
      continue;
    const auto [place, added] = best.try_emplace(record.trial, record);
    if (!added && is_better(record.score, place->second.score))
      place->second = record;
  }
  std::vector<RankedTrial> trials;
  for (const auto& [trial, record] : best)
    trials.push_back({.best = record, .splits = 1, .mean = record.score});
  std::ranges::stable_sort(trials, is_better, &RankedTrial::mean);
  return trials;
}

}  // namespace segue::evaluate
