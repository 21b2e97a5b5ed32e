#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "segue/core/progress.hpp"
#include "segue/data/id_table.hpp"
#include "segue/data/rejects.hpp"
#include "segue/data/table_reader.hpp"

namespace segue::data {

/// Which column of a listening log means what. An empty name: the log has no such column. A name other than the default
/// must be in the file.
struct ListenColumns {
  std::string user = "user_id";
  std::string song = "song_id";
  std::string timestamp = "timestamp";  ///< formats: see parse_timestamp()
  std::string ms_played = "ms_played";  ///< milliseconds; a log without it holds streams only
  std::string count = "count";          ///< plays in this row; a log without it has one play a row
};

struct ListenOptions {
  ListenColumns columns;
  TableFormat format;
  double reject_limit = 0.01;         ///< fraction of rows that may be rejected, 0–1
  std::int64_t latest_timestamp = 0;  ///< a later listen is rejected, seconds since 1970; 0: two days from now
};

/// A listening log in memory, in file order: structure of arrays, 20 bytes a row.
struct ListenLog {
  static constexpr std::int64_t kUnknownTime = INT64_MIN;
  static constexpr std::int32_t kUnknownDuration = -1;  ///< counts as a stream

  std::vector<std::int32_t> user;       ///< row in the users' IdTable
  std::vector<std::int32_t> song;       ///< row in the songs' IdTable
  std::vector<std::int64_t> timestamp;  ///< seconds since 1970 UTC, or kUnknownTime
  std::vector<std::int32_t> ms_played;  ///< or kUnknownDuration
  std::vector<std::int32_t> count;      ///< plays, ≥ 1; empty when each row is one play

  std::int64_t size() const { return static_cast<std::int64_t>(user.size()); }
};

/// Reads a log on all threads; a log without a valid row is an empty one. Users and songs are added to the tables in
/// order of first appearance, so rows that the caller put there (the catalogue's songs) stay as they are. The user and
/// song columns are required, and so is a column whose name is not the default; timestamp, ms_played and count are used
/// where the file has them. Rejected are rows with another number of fields than the header, an id that is empty or not
/// UTF-8, ms_played that is no whole number from 0 to 24 hours, a time before 1990 or too late, a count that is no
/// whole number from 1 to 10⁹, and damaged records. Log, tables and rejects are the same for any number of threads and
/// any block size. Memory: 20 bytes a row, the ids, and 12 MB a thread.
/// @throws IoError; BadInput  damaged file, missing column, more rejects than the limit; the tables are then undefined;
///         InvalidArgument  an option out of range, one column named for two things
ListenLog read_listens(const std::filesystem::path& path, const ListenOptions& options, IdTable& users, IdTable& songs,
                       RejectLog& rejects, Progress& progress);

}  // namespace segue::data
