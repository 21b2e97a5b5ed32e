#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "segue/core/date.hpp"
#include "segue/core/matrix.hpp"
#include "segue/core/progress.hpp"
#include "segue/data/csr.hpp"
#include "segue/data/id_table.hpp"
#include "segue/data/layout.hpp"
#include "segue/data/rejects.hpp"

namespace segue::data {

/// The songs there are, whether anybody listened or not. Song row = row in the songs' IdTable: the catalogue's songs
/// come first, in file order; songs that only the log has follow, without title or artist.
class Catalogue {
 public:
  std::int64_t songs() const { return static_cast<std::int64_t>(artist.size()); }
  bool empty() const { return artist.empty(); }
  bool contains(std::int32_t song) const { return song >= 0 && song < songs(); }

  /// The title, or the id of a song that has none.
  std::string_view title_of(std::int32_t song) const { return titles[static_cast<std::size_t>(song)]; }
  /// The artist's name, or its id where there is no name; empty where the song has no artist.
  std::string_view artist_name_of(std::int32_t song) const;
  std::string_view artist_id_of(std::int32_t song) const;

  static constexpr std::int32_t kNoDate = INT32_MIN;

  std::vector<std::string> titles;
  std::vector<std::int32_t> artist;       ///< row in `artists`, or IdTable::kNone
  std::vector<std::int32_t> release_day;  ///< days since 1970, or kNoDate (also for a year or month alone)
  std::vector<std::int32_t> duration_ms;  ///< 0: not known
  std::vector<std::string> path;          ///< audio file or URI; empty vector: the catalogue has no such column
  IdTable artists;
  std::vector<std::string> artist_names;  ///< by artist row; empty string: not known
  Matrix<float> flow;                     ///< [songs × 3] tempo/60, energy, valence for ordering; an empty field or a
                                          ///< missing column is 0; 0 rows: none of the three is there
};

struct CatalogueOptions {
  double reject_limit = 0.01;  ///< fraction of each table's rows
};

/// Reads artists (artist_id, name) and songs (song_id; title, artist_id, release_date, duration_ms, path, tempo,
/// energy, valence where there are such columns). Adds the songs to `song_ids`, which must be empty. Artist rows:
/// artists.csv's, in file order, then those that only songs have. Rejected are rows with another number of fields than
/// the header, an empty or repeated song_id or artist_id, text that is not UTF-8, a number that is not one and a date
/// that is none. Without a songs table the catalogue has no songs.
/// @throws IoError; BadInput  damaged file, missing column, more rejects than the limit
Catalogue read_catalogue(const DataPaths& paths, const CatalogueOptions& options, IdTable& song_ids, RejectLog& rejects,
                         Progress& progress);

/// Writes what read_catalogue() reads: songs.csv (song_id, title, artist_id) and artists.csv (artist_id, name).
/// @param song_ids  the first catalogue.songs() of them are written.  @throws IoError
void write_catalogue(const std::filesystem::path& directory, const Catalogue& catalogue, const IdTable& song_ids);

/// Reads follows (user_id, artist_id): a users × artists pattern, without values; a follow that is there twice counts
/// once. Users not yet in `users` are appended. A follow of an artist that the catalogue does not know is kept: the
/// artist is appended to `catalogue.artists`. Without a follows table the pattern is empty.
/// @throws IoError; BadInput  damaged file, missing column, more rejects than the limit
Csr read_follows(const DataPaths& paths, const CatalogueOptions& options, IdTable& users, Catalogue& catalogue,
                 RejectLog& rejects, Progress& progress);

}  // namespace segue::data
