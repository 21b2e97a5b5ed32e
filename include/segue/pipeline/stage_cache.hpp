#pragma once

#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace segue::pipeline {

/// One output file of a stage.
struct StageFile {
  std::string name;  ///< relative to the stage's folder, '/' between parts
  std::uintmax_t bytes = 0;
  std::string sha256;
};

/// A stage that has been done: a folder that is never changed again.
struct Stage {
  std::string name;
  std::string key;
  std::filesystem::path directory;
  std::vector<StageFile> files;
  bool cached = false;  ///< it was there already
  double seconds = 0;   ///< that the work took here; 0 when cached
};

/// Results of stages under <root>/<name>-<key>, made once for each key. The key is a hash of all that the result
/// depends on, so a stage killed at any moment is either there whole or is done again.
class StageCache {
 public:
  explicit StageCache(std::filesystem::path root) : root_(std::move(root)) {}
  const std::filesystem::path& root() const { return root_; }

  enum class Partial {
    discard,  ///< what a killed attempt left is removed first
    resume,   ///< the work finds it, as a checkpoint
  };

  /// The stage, from the cache when its files are all there with the sizes and hashes noted, else by `work`, which
  /// fills the folder it is given. Names that begin with "." and folders named "checkpoint" are not part of the
  /// result.
  Stage run(std::string_view name, std::string_view key, Partial partial,
            const std::function<void(const std::filesystem::path&)>& work);

  /// Removes every stage whose folder name (<name>-<key>) is not in `keep`, and what killed attempts left.
  void collect_garbage(const std::set<std::string>& keep);

 private:
  std::filesystem::path root_;
};

/// Puts the stage's files into `directory`, under the stage's name (rejects.csv at the top), by hard link, or by
/// copying where the file system has none.  @throws IoError
void link_stage(const Stage& stage, const std::filesystem::path& directory);

}  // namespace segue::pipeline
