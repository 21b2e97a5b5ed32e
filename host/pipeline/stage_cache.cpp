#include "segue/pipeline/stage_cache.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>

#include "host/pipeline/manifest.hpp"
#include "segue/core/error.hpp"
#include "segue/core/file.hpp"
#include "segue/core/log.hpp"
#include "segue/core/sha256.hpp"
#include "segue/core/text.hpp"

namespace segue::pipeline {
namespace {

namespace fs = std::filesystem;

constexpr char kStamp[] = "stage.json";
constexpr char kPartialSuffix[] = ".partial";

/// The result's files in order of name, without the stamp, hidden files (temporary ones) and checkpoints, damaged ones
/// that were kept included.
std::vector<StageFile> list_files(const fs::path& directory) {
  std::vector<StageFile> files;
  for (auto entry = fs::recursive_directory_iterator(directory); entry != fs::recursive_directory_iterator(); ++entry) {
    const std::string name = entry->path().filename().string();
    if (name.starts_with('.') || name.starts_with("checkpoint")) {
      entry.disable_recursion_pending();
      continue;
    }
    if (entry->is_regular_file() && name != kStamp)
      files.push_back(
          {fs::relative(entry->path(), directory).generic_string(), entry->file_size(), sha256_file(entry->path())});
  }
  std::sort(files.begin(), files.end(), [](const StageFile& a, const StageFile& b) { return a.name < b.name; });
  return files;
}

void write_stamp(const fs::path& directory, const Stage& stage) {
  nlohmann::ordered_json files = nlohmann::ordered_json::array();
  for (const StageFile& file : stage.files)
    files.push_back({{"name", file.name}, {"bytes", file.bytes}, {"sha256", file.sha256}});
  const nlohmann::ordered_json stamp{{"stage", stage.name}, {"key", stage.key}, {"files", files}};
  write_file(directory / kStamp, stamp.dump(1) + "\n");
}

/// The files noted when the stage was done, if they are all still there as they were.
std::optional<std::vector<StageFile>> read_intact(const fs::path& directory) {
  if (!fs::exists(directory / kStamp))
    return std::nullopt;
  std::vector<StageFile> files;
  try {
    const nlohmann::json stamp = nlohmann::json::parse(read_file(directory / kStamp));
    for (const nlohmann::json& file : stamp.at("files"))
      files.push_back({file.at("name"), file.at("bytes"), file.at("sha256")});
  } catch (const nlohmann::json::exception& error) {
    log::warn("{}: {}; the stage is done again", (directory / kStamp).string(), quote_for_message(error.what(), 200));
    return std::nullopt;
  }
  for (const StageFile& file : files) {
    const fs::path path = directory / file.name;
    if (!fs::is_regular_file(path) || fs::file_size(path) != file.bytes || sha256_file(path) != file.sha256) {
      log::warn("{} is not what it was when it was written; the stage is done again", path.string());
      return std::nullopt;
    }
  }
  return files;
}

/// One call for the thousands of small files that nobody fsynced, before the stamp says they are there.
void sync_file_system(const fs::path& directory) {
  const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0)
    throw IoError("open", directory, errno);
  const int result = ::syncfs(descriptor);
  const int error_number = errno;
  ::close(descriptor);
  if (result != 0)
    throw IoError("sync", directory, error_number);
}

}  // namespace

Stage StageCache::run(std::string_view name, std::string_view key, Partial partial,
                      const std::function<void(const fs::path&)>& work) {
  Stage stage{.name = std::string(name), .key = std::string(key)};
  stage.directory = root_ / fmt::format("{}-{}", name, key);
  if (auto files = read_intact(stage.directory)) {
    stage.files = std::move(*files);
    stage.cached = true;
    return stage;
  }
  const auto start = std::chrono::steady_clock::now();
  const fs::path working = stage.directory.string() + kPartialSuffix;
  fs::remove_all(stage.directory);
  if (partial == Partial::discard)
    fs::remove_all(working);
  fs::create_directories(working);
  work(working);
  fs::remove_all(working / "checkpoint");
  stage.files = list_files(working);
  sync_file_system(working);
  write_stamp(working, stage);
  fs::rename(working, stage.directory);
  fsync_directory(root_);
  stage.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return stage;
}

void StageCache::collect_garbage(const std::set<std::string>& keep) {
  if (!fs::exists(root_))
    return;
  for (const fs::directory_entry& entry : fs::directory_iterator(root_))
    if (!keep.contains(entry.path().filename().string()))
      fs::remove_all(entry.path());
}

void link_stage(const Stage& stage, const fs::path& directory) {
  for (const StageFile& file : stage.files) {
    const fs::path from = stage.directory / file.name;
    const fs::path to = directory / path_in_run(stage.name, file.name);
    fs::create_directories(to.parent_path());
    std::error_code no_links;
    fs::create_hard_link(from, to, no_links);
    if (no_links)
      fs::copy_file(from, to);
  }
}

}  // namespace segue::pipeline
