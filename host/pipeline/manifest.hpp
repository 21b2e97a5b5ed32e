#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "segue/core/date.hpp"
#include "segue/pipeline/nightly.hpp"

namespace segue::pipeline {

/// What a run came from: everything the manifest records beside the outputs.
struct RunOrigin {
  std::string command;  ///< "nightly" or "train als"
  std::string key;      ///< hash of all that the result depends on
  std::filesystem::path data;
  std::vector<StageFile> inputs;
  Config config;
  Device device;
};

/// The text of manifest.json.
std::string manifest_text(const RunOrigin& origin, const NightlyResult& result);

/// What later nights and commands need of a run's manifest.
struct Manifest {
  std::string command;
  std::string key;
  std::optional<Date> monday, friday;  ///< of its lists; none: it has no lists
  std::int64_t discover_weekly_lists = 0;
  std::vector<std::string> stages;  ///< <name>-<key> of each
  std::vector<StageFile> outputs;   ///< relative to the run
};

/// @throws BadInput  it cannot be read: which run, why, and what removing it would mean
Manifest read_manifest(const std::filesystem::path& run);

/// Folders under `runs` that are published runs, oldest first (their names begin with the UTC time).
std::vector<std::filesystem::path> published_runs(const std::filesystem::path& runs);

/// Where a stage's file lies in a run: rejects.csv at the top, the others in a folder of the stage's name.
std::string path_in_run(const std::string& stage, const std::string& file);

}  // namespace segue::pipeline
