#pragma once

#include <CLI/CLI.hpp>

#include "host/cli/session.hpp"

namespace segue::cli {

/// Each adds its part of `segue bench`.
void add_bench_als(CLI::App& bench, Command& chosen);
void add_bench_search(CLI::App& bench, Command& chosen);

}  // namespace segue::cli
