#pragma once

#include <string>
#include <vector>

#include "host/cli/session.hpp"
#include "segue/data/id_table.hpp"
#include "segue/evaluate/quality_report.hpp"
#include "segue/evaluate/split.hpp"

namespace segue::cli {

/// Where an evaluation goes beside the terminal; empty: nowhere.
struct EvaluateOutputs {
  std::string per_user;  ///< CSV
  std::string report;    ///< HTML
  std::string note;      ///< for the report
};

/// What charts and tables of users are of: ndcg at the first length of lists.
evaluate::Metric main_metric(const std::vector<int>& at);

/// Sentences: what was held out, of how many users.
std::string describe_split(const evaluate::SplitOptions& options, const evaluate::SplitCounts& counts,
                           std::int64_t songs);

/// Tables or one JSON document, and the files.
void answer_evaluation(const evaluate::QualityReport& report, const EvaluateOutputs& outputs,
                       const evaluate::Split& split, const data::IdTable& users, const Session& session);

}  // namespace segue::cli
