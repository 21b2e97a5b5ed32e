#pragma once

#include <CLI/CLI.hpp>

#include "host/cli/session.hpp"

namespace segue::cli {

/// Each adds its command to the parser; when the command is the one given, `chosen` becomes what is to be run.
void add_config(CLI::App& app, Command& chosen);
void add_nightly(CLI::App& app, Command& chosen);
void add_playlists(CLI::App& app, Command& chosen);
void add_recommend(CLI::App& app, Command& chosen);
void add_similar(CLI::App& app, Command& chosen);
void add_simulate(CLI::App& app, Command& chosen);
void add_train(CLI::App& app, Command& chosen);
void add_validate(CLI::App& app, Command& chosen);

}  // namespace segue::cli
