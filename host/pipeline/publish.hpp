#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "host/pipeline/manifest.hpp"

namespace segue::pipeline {

/// Puts the stages, manifest.json and segue.toml into a new folder beside `target` and renames it to `target`.
void publish_run(const std::filesystem::path& target, const RunOrigin& origin, const NightlyResult& result);

/// Removes what killed attempts to publish left. Only under the folder's lock.
void remove_leftovers(const std::filesystem::path& runs);

/// @throws Error  <runs>/current exists and is no symlink, so that it could not be flipped
void require_flippable(const std::filesystem::path& runs);

/// Points <runs>/current at the run, in one rename.
void flip_current(const std::filesystem::path& runs, const std::filesystem::path& run);

/// The newest published run with this key whose files are all as its manifest says. A damaged one is reported in the
/// log.
std::optional<std::filesystem::path> find_run(const std::filesystem::path& runs, const std::string& key);

/// Folder names (<stage>-<key>) of the stages that the published runs were made of.
std::set<std::string> stages_in_use(const std::filesystem::path& runs);

/// Holds <folder>/.lock until destroyed.  @throws Error  when another process holds it
class FolderLock {
 public:
  explicit FolderLock(const std::filesystem::path& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int descriptor_;
};

/// Name, size and SHA-256 of every table of a data directory.
std::vector<StageFile> hash_inputs(const data::DataPaths& paths);

}  // namespace segue::pipeline
