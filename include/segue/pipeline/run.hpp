#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "segue/core/date.hpp"
#include "segue/data/catalogue.hpp"
#include "segue/data/factor_table.hpp"
#include "segue/data/interactions.hpp"
#include "segue/pipeline/config.hpp"
#include "segue/playlist/playlist.hpp"

namespace segue::pipeline {

/// What a log came to, beside its matrices.
struct LogSummary {
  std::int64_t rows = 0;         ///< listens used
  std::int64_t rejects = 0;      ///< rows of any table that were not
  std::int64_t duplicates = 0;   ///< listens dropped: another is the same
  std::int64_t not_music = 0;    ///< podcasts, audiobooks and videos, left out
  std::int64_t low_ratings = 0;  ///< left out
  std::int64_t listeners = 0;
  std::int64_t songs_heard = 0;
  std::int64_t streams = 0;
  std::int64_t skips = 0;
  std::int64_t first_timestamp = 0;
  std::int64_t last_timestamp = 0;  ///< 0: the log has no times
};

/// The result of the stage "interactions": ids, matrices, and the catalogue's tables as they came.
struct Listening {
  data::IdTable users;  ///< listeners first, then users that only follow
  data::IdTable songs;  ///< the catalogue's first, then songs that only the log has
  data::Catalogue catalogue;
  data::Csr follows;
  data::Interactions interactions;
  LogSummary summary;
};

/// Reads a data set and builds the matrices. Prints nothing; logs the memory plan. `rejects` is left for the caller to
/// commit, also after a throw.
/// @param folder  a log too large for available_memory_bytes() is spilled there, and so are its matrices, as
///                write_listening() names them; those of `interactions` are then without rows
/// @throws BadInput  also when not one usable listen is left: how many rows there were and why the first was refused
///         OutOfMemory  the ids alone do not fit
Listening read_listening(const data::DataPaths& paths, const Config& config, const std::filesystem::path& folder,
                         data::RejectLog& rejects, Progress& progress);

/// Writes what read_listening() gave, with copies of the catalogue's tables, and loads it back.  @throws IoError,
/// BadInput
void write_listening(const std::filesystem::path& directory, const Listening& listening, const data::DataPaths& paths);
Listening load_listening(const std::filesystem::path& directory);
LogSummary load_summary(const std::filesystem::path& directory);

/// What playlists are for: Discover Weekly the Monday, Release Radar the Friday.
struct PlaylistDates {
  Date monday, friday;
};

/// A run or a trained model on disk, opened: everything that similar, recommend and the playlists need.
class Run {
 public:
  /// @param directory  a run: `runs/current`, `runs/<time>-<hash>` or what `segue train als --out` wrote
  /// @throws BadInput  not a run, or a damaged one: what is missing or wrong
  explicit Run(const std::filesystem::path& directory);
  /// From the stages' folders, before there is a run.
  /// @param profiles  empty: there are none
  Run(const std::filesystem::path& interactions, const std::filesystem::path& profiles,
      const std::filesystem::path& als, const std::filesystem::path& groups, const Config& config);
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  const Listening& listening() const { return listening_; }
  const data::FactorTable& users() const { return users_; }
  const data::FactorTable& songs() const { return songs_; }
  const data::FactorTable& artists() const { return artists_; }
  /// Embeddings of the songs whose audio was analysed; no rows where none was.
  const data::FactorTable& sound() const { return sound_; }
  const Config& config() const { return config_; }
  const std::filesystem::path& directory() const { return directory_; }
  /// Of the lists it was published with; none: it was made by `segue train als`.
  const std::optional<PlaylistDates>& dates() const { return dates_; }
  playlist::Inputs inputs() const;

 private:
  void load(const std::filesystem::path& interactions, const std::filesystem::path& profiles,
            const std::filesystem::path& als, const std::filesystem::path& groups);

  std::filesystem::path directory_;
  std::optional<PlaylistDates> dates_;
  Config config_;
  Listening listening_;
  data::FactorTable users_, songs_, artists_, sound_;
  std::vector<std::int32_t> group_of_user_;
};

/// Songs given in Discover Weekly lists dated before `monday` by the runs in `runs`, for users and songs of
/// `listening`: of each date, the newest run's lists. users × songs.
/// @param fingerprint  when not null, set to a hash of the lists used
data::Csr given_before(const std::filesystem::path& runs, Date monday, const Listening& listening,
                       std::string* fingerprint);

}  // namespace segue::pipeline
