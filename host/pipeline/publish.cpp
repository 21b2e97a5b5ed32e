#include "host/pipeline/publish.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>

#include "segue/core/error.hpp"
#include "segue/core/file.hpp"
#include "segue/core/parallel.hpp"
#include "segue/core/sha256.hpp"
#include "segue/core/version.hpp"

namespace segue::pipeline {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr char kManifest[] = "manifest.json";
constexpr char kStagingSuffix[] = ".publishing";

std::int64_t now() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

Json to_json(const std::vector<StageFile>& files) {
  Json list = Json::array();
  for (const StageFile& file : files)
    list.push_back({{"name", file.name}, {"bytes", file.bytes}, {"sha256", file.sha256}});
  return list;
}

Json stages_to_json(const std::vector<Stage>& stages) {
  Json list = Json::array();
  for (const Stage& stage : stages)
    list.push_back({{"name", stage.name},
                    {"key", stage.key},
                    {"cached", stage.cached},
                    {"seconds", stage.seconds},
                    {"outputs", to_json(stage.files)}});
  return list;
}

Json metrics_to_json(const NightlyResult& result) {
  return {{"listens", result.summary.rows},
          {"rejects", result.summary.rejects},
          {"listeners", result.summary.listeners},
          {"songs_heard", result.summary.songs_heard},
          {"streams", result.summary.streams},
          {"skips", result.summary.skips},
          {"als_loss", result.loss},
          {"discover_weekly_lists", result.discover_weekly_lists},
          {"cold_start_lists", result.cold_start_lists},
          {"release_radar_lists", result.release_radar_lists}};
}

Json manifest_of(const RunOrigin& origin, const NightlyResult& result) {
  Json manifest{{"segue", version()},
                {"command", origin.command},
                {"key", origin.key},
                {"created", format_timestamp(now())},
                {"data", origin.data.string()},
                {"device", origin.device.to_string()},
                {"threads", thread_count()},
                {"seed", origin.config.als.als.seed},
                {"options", "segue.toml"}};
  if (result.discover_weekly_lists > 0) {
    manifest["monday"] = format_date(result.monday);
    manifest["friday"] = format_date(result.friday);
  }
  manifest["inputs"] = to_json(origin.inputs);
  manifest["metrics"] = metrics_to_json(result);
  manifest["stages"] = stages_to_json(result.stages);
  manifest["seconds"] = result.seconds;
  return manifest;
}

/// The manifest of a published run, or null where there is none that can be read.
nlohmann::json read_manifest(const fs::path& run) {
  std::ifstream stream(run / kManifest);
  return stream ? nlohmann::json::parse(stream, nullptr, false) : nlohmann::json();
}

template <class Visit>
void for_each_run(const fs::path& runs, const Visit& visit) {
  if (!fs::is_directory(runs))
    return;
  for (const fs::directory_entry& entry : fs::directory_iterator(runs))
    if (!entry.is_symlink() && !entry.path().filename().string().starts_with('.'))
      if (const nlohmann::json manifest = read_manifest(entry.path()); manifest.is_object())
        visit(entry.path(), manifest);
}

}  // namespace

void publish_run(const fs::path& target, const RunOrigin& origin, const NightlyResult& result) {
  const fs::path folder = target.parent_path();
  const fs::path staging = folder / fmt::format(".{}{}", target.filename().string(), kStagingSuffix);
  fs::create_directories(staging);
  for (const Stage& stage : result.stages)
    link_stage(stage, staging);
  const fs::path rejects = staging / "interactions" / "rejects.csv";
  if (fs::exists(rejects))
    fs::rename(rejects, staging / "rejects.csv");
  write_file(staging / "segue.toml", to_toml(origin.config));
  write_file(staging / kManifest, manifest_of(origin, result).dump(1) + "\n");
  fs::rename(staging, target);
  fsync_directory(folder);
}

void remove_leftovers(const fs::path& runs) {
  for (const fs::directory_entry& entry : fs::directory_iterator(runs))
    if (entry.path().extension() == kStagingSuffix)
      fs::remove_all(entry.path());
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
  std::optional<fs::path> found;
  for_each_run(runs, [&](const fs::path& run, const nlohmann::json& manifest) {
    if (manifest.value("key", "") == key)
      found = run;
  });
  return found;
}

std::set<std::string> stages_in_use(const fs::path& runs) {
  std::set<std::string> names;
  for_each_run(runs, [&](const fs::path&, const nlohmann::json& manifest) {
    for (const nlohmann::json& stage : manifest.value("stages", nlohmann::json::array()))
      names.insert(fmt::format("{}-{}", stage.value("name", ""), stage.value("key", "")));
  });
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
  for (const fs::path& table : {paths.listens, paths.songs, paths.artists, paths.follows})
    if (!table.empty())
      inputs.push_back({table.filename().string(), fs::file_size(table), sha256_file(table)});
  return inputs;
}

}  // namespace segue::pipeline
