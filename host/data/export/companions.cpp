#include "host/data/export/companions.hpp"

#include <fmt/format.h>

#include "segue/core/error.hpp"

namespace segue::data {
namespace {

// /dev/stdout may be a regular file, but nothing may lie beside its name.
bool is_device(const std::filesystem::path& path) {
  const std::string folder = std::filesystem::weakly_canonical(std::filesystem::absolute(path).parent_path());
  return folder == "/dev" || folder.starts_with("/proc/") ||
         (std::filesystem::exists(path) && !std::filesystem::is_regular_file(path));
}

std::filesystem::path beside(std::filesystem::path path, const char* ending) {
  if (is_device(path))
    throw InvalidArgument(
        fmt::format("{}: not a file, and this format's ids are written beside it; name a file", path.string()));
  return path.replace_extension(ending);
}

}  // namespace

void check_ids(const IdTable& ids, std::int64_t rows, std::string_view what) {
  if (ids.size() < rows)
    throw InvalidArgument(fmt::format("{}: {} ids for {} rows", what, ids.size(), rows));
}

std::filesystem::path write_ids_beside(const std::filesystem::path& path, const IdTable& ids, std::int64_t rows) {
  const std::filesystem::path ids_path = beside(path, ".ids.tsv");
  check_ids(ids, rows, ids_path.string());
  write_ids(ids_path, ids, rows);
  return ids_path;
}

std::vector<std::filesystem::path> write_ids_beside(const std::filesystem::path& path,
                                                    const LabelledMatrix& interactions) {
  const std::filesystem::path users = beside(path, ".users.ids.tsv"), songs = beside(path, ".songs.ids.tsv");
  check_ids(interactions.rows, interactions.matrix.rows, users.string());
  check_ids(interactions.columns, interactions.matrix.columns, songs.string());
  write_ids(users, interactions.rows, interactions.matrix.rows);
  write_ids(songs, interactions.columns, interactions.matrix.columns);
  return {users, songs};
}

}  // namespace segue::data
