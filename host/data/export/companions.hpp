#pragma once

#include <filesystem>
#include <vector>

#include "segue/data/export.hpp"

namespace segue::data {

/// Writes <stem>.ids.tsv for `path` = <stem>.<extension>.
/// @throws InvalidArgument  fewer ids than rows, or `path` is a pipe or a device, which nothing can lie beside
std::filesystem::path write_ids_beside(const std::filesystem::path& path, const IdTable& ids, std::int64_t rows);

/// The same for both sides of a matrix: <stem>.users.ids.tsv, <stem>.songs.ids.tsv.
std::vector<std::filesystem::path> write_ids_beside(const std::filesystem::path& path,
                                                    const LabelledMatrix& interactions);

/// @param what  for the message, such as "users"
/// @throws InvalidArgument  fewer ids than rows
void check_ids(const IdTable& ids, std::int64_t rows, std::string_view what);

}  // namespace segue::data
