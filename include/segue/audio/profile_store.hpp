#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "segue/audio/profile.hpp"
#include "segue/core/matrix.hpp"

namespace segue::audio {

struct StoredProfile {
  std::string id;  ///< song id, or the path where there is none
  std::string path;
  std::string sha256;  ///< of the audio file
  std::string model;   ///< SHA-256 of the weights it was made with
  SongProfile profile;
  std::int32_t group = -1;  ///< of songs that sound alike; −1: none
};

/// Profiles of songs in one SQLite file: a table `profiles`, readable by anything. Writes are one transaction a batch;
/// another process may read meanwhile.
class ProfileStore {
 public:
  /// Makes the file where there is none.
  /// @throws IoError; BadInput  not such a file, or of a newer version
  static ProfileStore open(const std::filesystem::path& path);
  ~ProfileStore();
  ProfileStore(ProfileStore&&) noexcept;
  ProfileStore& operator=(ProfileStore&&) noexcept;

  /// Those that are there under the same id are replaced.
  void put(const std::vector<StoredProfile>& profiles);
  std::optional<StoredProfile> get(const std::string& id) const;
  /// In order of id.
  std::vector<StoredProfile> all() const;
  std::int64_t size() const;

 private:
  struct Database;
  explicit ProfileStore(std::unique_ptr<Database> database);
  std::unique_ptr<Database> database_;
};

/// A song and where its audio is.
struct AudioFile {
  std::string id;
  std::filesystem::path path;
};

/// For each file its id, path, hash and `model`, and the profile that the store has of the same bytes by the same
/// model: with an empty embedding where it has none, and then the file is still to be analysed. A file that cannot be
/// read has no hash. Files are hashed in parallel.
std::vector<StoredProfile> look_up(const ProfileStore& store, std::span<const AudioFile> files,
                                   const std::string& model, Progress& progress);

}  // namespace segue::audio
