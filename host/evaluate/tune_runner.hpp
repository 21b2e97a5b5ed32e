#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "segue/evaluate/tune.hpp"

namespace segue::evaluate {

/// Makes the records that the log has not.
class TrialRunner {
 public:
  TrialRunner(TuneObjective& objective, const TuneOptions& options, TrialLog& log, const Stop& stop)
      : objective_(objective),
        options_(options),
        log_(log),
        stop_(stop),
        before_(log.records().empty() ? 0 : log.records().back().elapsed) {}

  const TuneOptions& options() const { return options_; }
  const std::vector<TrialRecord>& records() const { return log_.records(); }
  /// From now on record() gives up at this time; 0: never.
  void set_deadline(double seconds) { deadline_ = seconds; }
  bool out_of_time() const { return deadline_ > 0 && elapsed() >= deadline_; }

  /// @param trainee  of this trial and split; nullptr: started where it is needed
  /// @return  nothing: stopped, or out of time
  std::optional<TrialRecord> record(std::int64_t trial, int iterations, int split, std::unique_ptr<Trainee>& trainee);

 private:
  double elapsed() const;
  TrialLog::Fields values_of(std::int64_t trial, const Assignment& assignment) const;

  TuneObjective& objective_;
  const TuneOptions& options_;
  TrialLog& log_;
  const Stop& stop_;
  double before_;  // seconds of earlier, interrupted searches
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  double deadline_ = 0;
};

/// All trials by their best score in the search, of equal ones the first.
std::vector<RankedTrial> rank_by_search(const std::vector<TrialRecord>& records);

/// NaN is worse than any score.
bool is_better(double a, double b);

/// Ranks the best trials anew by further splits, see tune(). False: stopped by the user.
bool confirm(TrialRunner& runner, std::vector<RankedTrial>& trials, Progress& progress);

}  // namespace segue::evaluate
