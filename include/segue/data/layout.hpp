#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace segue::data {

/// How a listening log lies in its file. docs/reading-logs.md has the columns of each and where it is published.
enum class Layout {
  automatic,        ///< told by the content
  table,            ///< CSV or TSV with a header row
  json,             ///< JSON Lines, or arrays of objects
  parquet,          ///< Apache Parquet
  taste_profile,    ///< Echo Nest Taste Profile triplets (Bertin-Mahieux et al. 2011): user, song, count
  lastfm_360k,      ///< Celma (2010): user, artist's MBID, artist, plays
  lastfm_1k,        ///< Celma (2010): user, time, artist's MBID, artist, song's MBID, song
  movielens_100k,   ///< GroupLens u.data: user, item, rating, time
  movielens_1m,     ///< GroupLens ratings.dat: the same, between "::"
  listenbrainz,     ///< ListenBrainz dumps: JSON Lines
  spotify_history,  ///< Spotify account data, the last year: StreamingHistory*.json
  spotify_extended  ///< Spotify account data, all of it: Streaming_History_Audio_*.json
};

/// Their names in a configuration, such as "lastfm-1k".
std::span<const std::pair<std::string_view, Layout>> layout_names();

/// Where the tables of a data set are; an empty path: there is no such table. Only listens are required.
struct DataPaths {
  std::vector<std::filesystem::path> listens;
  std::filesystem::path songs, artists, follows;
};

/// Finds the tables that `input` names:
///  - a folder with `listens` and, if there are, `songs`, `artists` and `follows`, each as .csv or .tsv, plain or
///    compressed; listens also as .jsonl, .json or .parquet;
///  - any other folder: the files in it and below that are logs by the names their publishers gave them, or else all
///    that are of one form (tables, JSON or Parquet);
///  - a file;  a pattern such as "logs/2024-*.csv.gz";  "-": standard input.
/// Several files are in order of their names.
/// @throws BadInput  nothing there, no log among it, a table twice, or one that is no file: the names
DataPaths find_input(const std::string& input);

}  // namespace segue::data
