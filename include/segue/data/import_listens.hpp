#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "segue/core/progress.hpp"
#include "segue/data/layout.hpp"
#include "segue/data/listens.hpp"
#include "segue/data/rejects.hpp"

namespace segue::data {

struct ImportResult {
  ListenCounts counts;
  std::int64_t users = 0;
  std::int64_t songs = 0;
  std::int64_t titles = 0;  ///< songs that the log gave a title
};

/// Turns logs of any layout into a data directory: listens (user_id, song_id and, where the logs have them, timestamp,
/// ms_played, count), the rows in their order, and songs and artists, which are copied where there are such tables and
/// else written from what the logs say. Memory: as read_listens().
/// @param directory    must be there; gets listens.csv, songs.csv, artists.csv, follows.csv
/// @param compression  "none", "gz" or "zst", of listens
/// @throws as read_listens();  BadInput  no listen is left; of several files some have a time, a duration or a
///         count, and some do not
ImportResult import_listens(const DataPaths& paths, const ListenOptions& options,
                            const std::filesystem::path& directory, std::string_view compression, RejectLog& rejects,
                            Progress& progress);

}  // namespace segue::data
