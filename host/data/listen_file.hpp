#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "host/data/listen_parser.hpp"
#include "segue/data/listens.hpp"

namespace segue::data {

/// A listening log, opened: its records, and what their fields mean.
struct ListenFile {
  std::unique_ptr<RecordReader> records;
  ListenSchema schema;
};

/// Tells the layout from the content where the options leave it open, and finds the columns.
/// @throws IoError;  BadInput  no column for users or songs;  InvalidArgument  one column named for two things
ListenFile open_listens(const std::filesystem::path& path, const ListenOptions& options);

}  // namespace segue::data
