#pragma once

#include <filesystem>

#include "host/cli/session.hpp"
#include "segue/evaluate/tune_als.hpp"
#include "segue/evaluate/tune_report.hpp"

namespace segue::cli {

/// Writes best.toml, tune.html and tune.svg to `out`, and answers with the best trials and what mattered.
/// @param report  all but what is computed here: the best configuration, and what it is worth to each user
/// @param end     stopped: users are not compared, which takes two trainings
/// @throws Error  no trial has a score;  IoError
void write_tuning(const std::filesystem::path& out, evaluate::TuneReport report, evaluate::AlsObjective& objective,
                  evaluate::TuneEnd end, const Session& session);

}  // namespace segue::cli
