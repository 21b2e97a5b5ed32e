#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "segue/core/progress.hpp"
#include "segue/data/catalogue.hpp"
#include "segue/data/id_table.hpp"
#include "segue/data/layout.hpp"
#include "segue/data/rejects.hpp"
#include "segue/data/table_reader.hpp"

namespace segue::data {

/// Which column of a listening log means what. An empty name: the log has no such column. A name other than the default
/// must be in the file; for a default, columns of other usual names are taken too (docs/reading-logs.md).
struct ListenColumns {
  std::string user = "user_id";
  std::string song = "song_id";
  std::string timestamp = "timestamp";  ///< formats: see parse_timestamp()
  std::string ms_played = "ms_played";  ///< milliseconds; a log without it holds streams only
  std::string count = "count";          ///< plays in this row; a log without it has one play a row
  std::string rating = "rating";        ///< see ListenOptions::min_rating
};

struct ListenOptions {
  Layout layout = Layout::automatic;
  ListenColumns columns;
  std::string user;       ///< whose log it is, where it does not say; empty: the name of the file's folder
  double min_rating = 4;  ///< in a log of ratings, those of at least this are streams; lower ones are left out
  TableFormat format;
  double reject_limit = 0.01;         ///< fraction of a file's rows that may be rejected, 0–1
  std::int64_t latest_timestamp = 0;  ///< a later listen is rejected, seconds since 1970; 0: two days from now
};

/// Listens in memory, in file order: structure of arrays, 20 bytes a row.
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

/// Adds a batch's rows to a log's. Where only one of the two counts plays, a row of the other is one play.
void append_listens(const ListenLog& batch, ListenLog& log);

/// What became of a log's rows.
struct ListenCounts {
  std::int64_t listens = 0;
  std::int64_t rejected = 0;
  std::int64_t not_music = 0;    ///< podcasts, audiobooks and videos, left out
  std::int64_t low_ratings = 0;  ///< left out
};

/// Takes some listens, in file order. `batch` may be changed, and is used again.
using ListenSink = std::function<void(ListenLog& batch)>;

/// Bytes a block so that all blocks in flight of read_listens() take about `memory_bytes`: for
/// TableFormat::block_bytes.
std::int64_t block_bytes_for(std::int64_t memory_bytes);

/// Reads logs on all threads, one file after the other, and hands the listens on in batches. Users and songs are added
/// to the tables in order of first appearance, so rows that the caller put there (the catalogue's songs) stay as they
/// are. The user and song columns are required, and so is a column whose name is not the default; the others are used
/// where a file has them. Rejected are rows with another number of fields than the header, an id that is empty or not
/// UTF-8, ms_played that is no whole number from 0 to 24 hours, a time before 1990 or too late, a count that is no
/// whole number from 1 to 10⁹, a rating that is no number, and damaged records. Listens, tables and rejects are the
/// same for any number of threads and any block size. Memory: the ids, and 24 blocks a thread.
/// @param files  resolved by find_listens()
/// @param names  not null: receives the titles and artists that the logs give for songs beyond its own
/// @throws IoError; BadInput  a damaged file, one changed while it was read, a missing column, more rejects than the
///         limit; the tables are then undefined;  InvalidArgument  an option out of range, one column named for two
///         things
ListenCounts read_listens(std::span<const std::filesystem::path> files, const ListenOptions& options, IdTable& users,
                          IdTable& songs, Catalogue* names, RejectLog& rejects, Progress& progress,
                          const ListenSink& sink);

/// The same of one file, as a whole in memory.
ListenLog read_listens(const std::filesystem::path& file, const ListenOptions& options, IdTable& users, IdTable& songs,
                       RejectLog& rejects, Progress& progress);

}  // namespace segue::data
