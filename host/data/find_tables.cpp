#include <fmt/format.h>

#include <array>
#include <string_view>
#include <system_error>

#include "segue/core/error.hpp"
#include "segue/data/catalogue.hpp"

namespace segue::data {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 6> kEndings{".csv", ".csv.gz", ".csv.zst", ".tsv", ".tsv.gz", ".tsv.zst"};

fs::path find_table(const fs::path& directory, std::string_view name) {
  fs::path found;
  for (const std::string_view ending : kEndings) {
    const fs::path path = directory / fmt::format("{}{}", name, ending);
    std::error_code error;
    const bool exists = fs::exists(path, error);
    if (error)
      throw IoError("look for", path, error.value());
    if (!exists)
      continue;
    if (!fs::is_regular_file(path))
      throw BadInput(fmt::format("{} is {}; expected a table in a file", path.string(),
                                 fs::is_directory(path) ? "a folder" : "not a regular file"));
    if (!found.empty())
      throw BadInput(fmt::format("{} and {} are both there; leave one", found.string(), path.string()));
    found = path;
  }
  return found;
}

}  // namespace

DataPaths find_tables(const fs::path& directory) {
  std::error_code ignored;
  if (!fs::is_directory(directory, ignored))
    throw BadInput(fmt::format("{}: no such folder; expected one with listens.csv", directory.string()));
  DataPaths paths;
  paths.listens = find_table(directory, "listens");
  paths.songs = find_table(directory, "songs");
  paths.artists = find_table(directory, "artists");
  paths.follows = find_table(directory, "follows");
  if (paths.listens.empty())
    throw BadInput(fmt::format("{}: no listening log; looked for listens.csv and listens.tsv, plain, .gz or .zst",
                               directory.string()));
  return paths;
}

}  // namespace segue::data
