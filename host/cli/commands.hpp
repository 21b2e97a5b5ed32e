#pragma once

#include <CLI/CLI.hpp>

#include "host/cli/session.hpp"

namespace segue::cli {

/// Of --data, wherever it is.
inline constexpr char kDataHelp[] =
    "Folder with listens and, if there are, songs, artists, follows; or a log of another layout: a file, a folder, "
    "\"a pattern\", - for standard input";

/// Each adds its command to the parser; when the command is the one given, `chosen` becomes what is to be run.
void add_analyze(CLI::App& app, Command& chosen);
void add_bench(CLI::App& app, Command& chosen);
void add_config(CLI::App& app, Command& chosen);
void add_evaluate(CLI::App& app, Command& chosen);
void add_export(CLI::App& app, Command& chosen);
void add_import(CLI::App& app, Command& chosen);
void add_nightly(CLI::App& app, Command& chosen);
void add_playlists(CLI::App& app, Command& chosen);
void add_recommend(CLI::App& app, Command& chosen);
void add_similar(CLI::App& app, Command& chosen);
void add_simulate(CLI::App& app, Command& chosen);
void add_simulate_music(CLI::App& app, Command& chosen);  ///< after add_simulate()
void add_train(CLI::App& app, Command& chosen);
void add_train_audio(CLI::App& app, Command& chosen);  ///< after add_train()
void add_tune(CLI::App& app, Command& chosen);
void add_validate(CLI::App& app, Command& chosen);

}  // namespace segue::cli
