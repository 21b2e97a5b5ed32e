#include <fmt/format.h>
#include <fnmatch.h>
#include <glob.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <system_error>

#include "segue/core/error.hpp"
#include "segue/core/log.hpp"
#include "segue/data/layout.hpp"

namespace segue::data {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 4> kCompressions{"", ".gz", ".zst", ".bz2"};
constexpr std::array<std::string_view, 2> kTables{".csv", ".tsv"};
constexpr std::array<std::string_view, 3> kJson{".jsonl", ".ndjson", ".json"};
constexpr std::array<std::string_view, 1> kParquet{".parquet"};

// What publishers call their logs; the first kind that a folder holds is read.
constexpr std::array<std::string_view, 14> kLogNames{
    "Streaming_History_*.json",
    "endsong_*.json",  // the same, until 2022
    "StreamingHistory*.json",
    "user_artists.dat",  // HetRec
    "u.data",
    "ratings.dat",
    "ratings.csv",
    "*.inter",
    "train_triplets.txt",
    "usersha1-artmbid-artname-plays.tsv",
    "userid-timestamp-artid-artname-traid-traname.tsv",
    "listening[-_]events.tsv",
    "listening[-_]counts.tsv",
    "*.listens",
};

std::string without_compression(const std::string& name) {
  for (const std::string_view ending : kCompressions)
    if (!ending.empty() && name.ends_with(ending))
      return name.substr(0, name.size() - ending.size());
  return name;
}

bool matches(const fs::path& path, std::string_view pattern) {
  return ::fnmatch(std::string(pattern).c_str(), without_compression(path.filename().string()).c_str(), 0) == 0;
}

bool ends_with_any(const fs::path& path, std::span<const std::string_view> endings) {
  const std::string name = without_compression(path.filename().string());
  return std::ranges::any_of(endings, [&](std::string_view ending) { return name.ends_with(ending); });
}

// <directory>/<name> with one of the endings, plain or compressed.
fs::path find_table(const fs::path& directory, std::string_view name, std::span<const std::string_view> endings) {
  fs::path found;
  for (const std::string_view ending : endings)
    for (const std::string_view compression : kCompressions) {
      const fs::path path = directory / fmt::format("{}{}{}", name, ending, compression);
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

DataPaths find_segue_tables(const fs::path& directory) {
  constexpr std::array<std::string_view, 6> kLogs{".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet"};
  DataPaths paths;
  const fs::path listens = find_table(directory, "listens", kLogs);
  if (!listens.empty())
    paths.listens.push_back(listens);
  paths.songs = find_table(directory, "songs", kTables);
  paths.artists = find_table(directory, "artists", kTables);
  paths.follows = find_table(directory, "follows", kTables);
  return paths;
}

std::vector<fs::path> files_below(const fs::path& directory) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (entry->is_regular_file() && !name.starts_with('.') && !name.starts_with('_'))
      files.push_back(entry->path());
  }
  if (error)
    throw IoError("read a folder in", directory, error.value());
  std::ranges::sort(files);
  return files;
}

std::string some_names(const std::vector<fs::path>& files) {
  std::string names;
  for (std::size_t i = 0; i < std::min<std::size_t>(files.size(), 5); ++i)
    names += (i == 0 ? "" : ", ") + files[i].filename().string();
  return files.empty() ? "no file" : files.size() > 5 ? fmt::format("{}, … ({} files)", names, files.size()) : names;
}

template <class Keep>
std::vector<fs::path> those(const std::vector<fs::path>& files, Keep keep) {
  std::vector<fs::path> kept;
  std::ranges::copy_if(files, std::back_inserter(kept), keep);
  return kept;
}

std::vector<fs::path> find_logs(const fs::path& directory) {
  const std::vector<fs::path> files = files_below(directory);
  for (const std::string_view pattern : kLogNames) {
    std::vector<fs::path> logs = those(files, [&](const fs::path& file) { return matches(file, pattern); });
    if (!logs.empty()) {
      const std::vector<fs::path> others = those(files, [&](const fs::path& file) {
        return !matches(file, pattern) &&
               std::ranges::any_of(kLogNames, [&](auto name) { return matches(file, name); });
      });
      if (!others.empty())
        log::warn("{}: reading {}; left alone, though they are logs of another layout: {}", directory.string(),
                  some_names(logs), some_names(others));
      else if (logs.size() < files.size())
        log::info("{}: reading {}; the other {} files are left alone", directory.string(), some_names(logs),
                  files.size() - logs.size());
      return logs;
    }
  }
  const std::vector<fs::path> tables = those(files, [](const fs::path& f) { return ends_with_any(f, kTables); });
  const std::vector<fs::path> json = those(files, [](const fs::path& f) { return ends_with_any(f, kJson); });
  const std::vector<fs::path> parquet = those(files, [](const fs::path& f) { return ends_with_any(f, kParquet); });
  const int forms = !tables.empty() + !json.empty() + !parquet.empty();
  if (forms > 1)
    throw BadInput(fmt::format(
        "{}: holds logs of several forms ({}); name the files that are meant by a pattern such as \"{}/*{}\"",
        directory.string(), some_names(files), directory.string(), tables.empty() ? ".parquet" : ".csv*"));
  const std::vector<fs::path>& logs = !tables.empty() ? tables : !json.empty() ? json : parquet;
  if (logs.empty())
    throw BadInput(
        fmt::format("{}: no listening log; looked for listens.csv and the names that publishers give theirs "
                    "(docs/reading-logs.md), "
                    "then for .csv, .tsv, .jsonl, .json and .parquet, and found {}",
                    directory.string(), some_names(files)));
  return logs;
}

std::vector<fs::path> match_pattern(const std::string& pattern) {
  glob_t found{};
  const int result = ::glob(pattern.c_str(), GLOB_BRACE | GLOB_TILDE, nullptr, &found);
  std::vector<fs::path> files;
  if (result == 0)
    files.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  ::globfree(&found);
  std::erase_if(files, [](const fs::path& file) { return fs::is_directory(file); });
  if (files.empty())
    throw BadInput(fmt::format("{}: no file matches", pattern));
  return files;
}

}  // namespace

DataPaths find_input(const std::string& input) {
  DataPaths paths;
  std::error_code ignored;
  if (input == "-") {
    paths.listens = {"/dev/stdin"};
  } else if (fs::is_directory(input, ignored)) {
    paths = find_segue_tables(input);
    if (paths.listens.empty())
      paths.listens = find_logs(input);
  } else if (fs::exists(input, ignored)) {
    paths.listens = {input};
  } else if (input.find_first_of("*?[{") != std::string::npos) {
    paths.listens = match_pattern(input);
  } else {
    throw BadInput(fmt::format("{}: no such file or folder; expected a listening log, or a folder with one", input));
  }
  return paths;
}

}  // namespace segue::data
