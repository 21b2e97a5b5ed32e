#include "host/pipeline/publish.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>

#include "segue/core/error.hpp"
#include "segue/core/file.hpp"
#include "segue/core/log.hpp"
#include "segue/core/sha256.hpp"

namespace segue::pipeline {
namespace {

namespace fs = std::filesystem;
constexpr char kStagingSuffix[] = ".publishing";

bool is_intact(const fs::path& run, const Manifest& manifest) {
  for (const StageFile& file : manifest.outputs) {
    const fs::path path = run / file.name;
    if (!fs::is_regular_file(path) || fs::file_size(path) != file.bytes || sha256_file(path) != file.sha256) {
      log::warn("{} is not what it was when it was published: the run is published anew", path.string());
      return false;
    }
  }
  return true;
}

}  // namespace

void publish_run(const fs::path& target, const RunOrigin& origin, const NightlyResult& result) {
  const fs::path folder = target.parent_path();
  const fs::path staging = folder / fmt::format(".{}{}", target.filename().string(), kStagingSuffix);
  fs::create_directories(staging);
  for (const Stage& stage : result.stages)
    link_stage(stage, staging);
  write_file(staging / "segue.toml", to_toml(origin.config));
  write_file(staging / "manifest.json", manifest_text(origin, result));
  fs::rename(staging, target);
  fsync_directory(folder);
}

void remove_leftovers(const fs::path& runs) {
  for (const fs::directory_entry& entry : fs::directory_iterator(runs))
    if (entry.path().extension() == kStagingSuffix)
      fs::remove_all(entry.path());
}

void require_flippable(const fs::path& runs) {
  const fs::path link = runs / "current";
  if (fs::exists(fs::symlink_status(link)) && !fs::is_symlink(link))
    throw Error(fmt::format("{} is no symlink, so it cannot point at the new run: rename or remove it", link.string()));
}

void flip_current(const fs::path& runs, const fs::path& run) {
  const fs::path link = runs / "current";
  std::error_code no_link;
  if (fs::read_symlink(link, no_link) == run.filename())
    return;
  const fs::path temporary = runs / ".current.tmp";
  fs::remove(temporary);
  fs::create_directory_symlink(run.filename(), temporary);
  fs::rename(temporary, link);
  fsync_directory(runs);
}

std::optional<fs::path> find_run(const fs::path& runs, const std::string& key) {
  std::vector<fs::path> published = published_runs(runs);
  std::reverse(published.begin(), published.end());
  for (const fs::path& run : published)
    if (const Manifest manifest = read_manifest(run); manifest.key == key && is_intact(run, manifest))
      return run;
  return std::nullopt;
}

std::set<std::string> stages_in_use(const fs::path& runs) {
  std::set<std::string> names;
  for (const fs::path& run : published_runs(runs))
    for (const std::string& stage : read_manifest(run).stages)
      names.insert(stage);
  return names;
}

FolderLock::FolderLock(const fs::path& folder) {
  const fs::path file = folder / ".lock";
  descriptor_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor_ < 0)
    throw IoError("open", file, errno);
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    ::close(descriptor_);
    throw Error(fmt::format("another segue is working in {}: wait for it, or name another folder with --runs",
                            folder.string()));
  }
}

FolderLock::~FolderLock() {
  ::close(descriptor_);
}

std::vector<StageFile> hash_inputs(const data::DataPaths& paths) {
  std::vector<StageFile> inputs;
  std::vector<fs::path> tables = paths.listens;
  tables.insert(tables.end(), {paths.songs, paths.artists, paths.follows});
  for (const fs::path& table : tables)
    if (!table.empty() && !fs::is_regular_file(table))
      throw InvalidArgument(
          fmt::format("{} can be read once only, and a night reads it again to know its content; "
                      "`segue import` makes a folder of it first",
                      table.string()));
    else if (!table.empty())
      inputs.push_back({table.filename().string(), fs::file_size(table), sha256_file(table)});
  return inputs;
}

}  // namespace segue::pipeline
