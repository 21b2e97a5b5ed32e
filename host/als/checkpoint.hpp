#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "segue/als/trainer.hpp"

namespace segue::als {

struct Checkpoint {
  int iteration = 0;         ///< iterations done
  std::vector<double> loss;  ///< after each
  Factors factors;
};

/// The last checkpoint of a training run: `directory`/checkpoint with users.npy, songs.npy and checkpoint.json (what it
/// was made for, iteration, loss, SHA-256 of the two). It is written as checkpoint.new, fsynced and renamed; the one
/// before stands as checkpoint.previous until then, so that at every moment a whole one is there.
class CheckpointStore {
 public:
  CheckpointStore(std::filesystem::path directory, const Options& options, std::string data_hash, std::int64_t users,
                  std::int64_t songs);

  /// The checkpoint, if there is one of this run. One of another run is named in the log and left; a damaged one is
  /// named and renamed to checkpoint.damaged-N.
  std::optional<Checkpoint> load() const;
  /// @throws IoError
  void save(const Checkpoint& checkpoint) const;

 private:
  std::optional<Checkpoint> read(const std::filesystem::path& path) const;
  void set_aside(const std::filesystem::path& path) const;

  std::filesystem::path directory_;
  std::string made_for_;  ///< JSON: version, data hash, options
  std::int64_t users_, songs_;
};

}  // namespace segue::als
