#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "segue/evaluate/bootstrap.hpp"
#include "segue/evaluate/tune.hpp"
#include "segue/report/drawing.hpp"

namespace segue::evaluate {

/// How much the score goes with one parameter alone.
struct Importance {
  std::string key;
  double explained = 0;    ///< share of the variance of the scores' ranks between fifths of the parameter's values (or
                           ///< its choices): ε² of a one-way analysis of variance, so that chance gives 0; may be
                           ///< slightly negative
  double correlation = 0;  ///< Spearman's, −1 to 1; 0 for choices that are words
};

/// Of all drawn trials at the first rung, which all of them reached. Most important first.
std::vector<Importance> importance(const Space& space, const std::vector<TrialRecord>& records, std::uint64_t seed,
                                   int first_rung);

/// The best trial and the configuration as it stands, user by user.
struct TuneComparison {
  bool fresh = false;  ///< on a split that nothing was chosen by; else on the search's
  Interval best, standing;
  PairedDifference gain;  ///< best minus standing
};

/// A finished or interrupted search, for people.
struct TuneReport {
  std::string data;    ///< its name
  std::string metric;  ///< "ndcg@10"
  std::string split;   ///< one sentence: how songs were held out, of how many users
  std::string caveat;  ///< more sentences, such as that the data is simulated; may be empty
  Space space;
  Assignment base;  ///< see AlsObjective::base_assignment()
  std::vector<TrialRecord> records;
  std::vector<RankedTrial> trials;  ///< see TuneResult
  std::uint64_t seed = 1;
  int first_rung = 5;
  std::string best_toml;
  std::optional<TuneComparison> comparison;  ///< none: the search was interrupted, or one of the two did not converge
};

/// Best score so far over time, each parameter against the score, and the two most important against each other.
report::Drawing tune_drawing(const TuneReport& report);
/// The same with tables and words, as one HTML page.
std::string tune_page(const TuneReport& report);

}  // namespace segue::evaluate
