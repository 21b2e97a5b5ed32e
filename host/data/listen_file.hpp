#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "host/data/listen_parser.hpp"
#include "segue/data/listens.hpp"

namespace segue::data {

/// A listening log, opened: its records, and what their fields mean.
struct ListenFile {
  std::unique_ptr<RecordReader> records;
  ListenSchema schema;
};

/// Whose log each file is, where it does not say: the option's listener, or the folder that the file is in. Of files in
/// several folders it is the path from the folder they share, so that two people stay two; the folders that Spotify
/// itself makes in an export are left out of it.
std::vector<std::string> listeners_of(std::span<const std::filesystem::path> files, const ListenOptions& options);

/// Tells the layout from the content where the options leave it open, and finds the columns.
/// @param listener  of rows that name none
/// @throws IoError;  BadInput  no column for users or songs;  InvalidArgument  one column named for two things
ListenFile open_listens(const std::filesystem::path& path, const ListenOptions& options, const std::string& listener);

}  // namespace segue::data
