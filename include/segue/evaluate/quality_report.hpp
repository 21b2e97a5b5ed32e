#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "segue/evaluate/bootstrap.hpp"
#include "segue/evaluate/evaluate.hpp"

namespace segue::evaluate {

/// A model and what came out of its evaluation.
struct ModelReport {
  std::string name;
  std::string description;  ///< what it is; may be empty
  Evaluation evaluation;
  std::vector<Interval> intervals;            ///< of the means, for each metric
  std::vector<PairedDifference> differences;  ///< first model minus this one, for each metric; empty for the first
  double training_seconds = 0;
  std::vector<double> loss;   ///< after each iteration; may be empty
  std::vector<double> curve;  ///< the main metric after each iteration; may be empty
};

/// The first model, trained on a share of the training pairs.
struct LearningPoint {
  double share = 1;
  Interval value;  ///< of the main metric
};

/// A user whose songs the first model did not find.
struct UserReport {
  std::string id;
  std::int64_t songs = 0;     ///< streamed in training
  std::int64_t held_out = 0;  ///< songs
  double value = 0;           ///< the main metric
};

struct QualityReport {
  std::string data;    ///< its name
  std::string split;   ///< sentences: what was held out of how many users
  std::string caveat;  ///< such as that the data is simulated; may be empty
  Metric main;         ///< charts and the table of users are of this one
  Consumption consumption;
  std::vector<ModelReport> models;  ///< at least one
  std::vector<LearningPoint> learning;
  std::vector<UserReport> worst;
  std::string configuration;  ///< TOML
};

/// Users with the lowest values of the metric, of equal ones those with most songs in training first.
/// @return rows of the split
std::vector<std::int64_t> worst_users(const Evaluation& evaluation, const Split& split, const Metric& metric,
                                      std::int64_t count);

/// One HTML page that needs nothing but itself.
std::string quality_page(const QualityReport& report);

}  // namespace segue::evaluate
