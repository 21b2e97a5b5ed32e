#include "host/pipeline/manifest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "segue/core/error.hpp"
#include "segue/core/file.hpp"
#include "segue/core/parallel.hpp"
#include "segue/core/text.hpp"
#include "segue/core/version.hpp"

namespace segue::pipeline {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr char kManifest[] = "manifest.json";

std::int64_t now() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

Json file_to_json(const std::string& name, const StageFile& file) {
  return {{"name", name}, {"bytes", file.bytes}, {"sha256", file.sha256}};
}

Json inputs_to_json(const std::vector<StageFile>& files) {
  Json list = Json::array();
  for (const StageFile& file : files)
    list.push_back(file_to_json(file.name, file));
  return list;
}

Json outputs_to_json(const std::vector<Stage>& stages) {
  Json list = Json::array();
  for (const Stage& stage : stages)
    for (const StageFile& file : stage.files)
      list.push_back(file_to_json(path_in_run(stage.name, file.name), file));
  return list;
}

Json stages_to_json(const std::vector<Stage>& stages) {
  Json list = Json::array();
  for (const Stage& stage : stages)
    list.push_back({{"name", stage.name}, {"key", stage.key}, {"cached", stage.cached}, {"seconds", stage.seconds}});
  return list;
}

Json metrics_to_json(const NightlyResult& result) {
  return {{"listens", result.summary.rows},
          {"rejects", result.summary.rejects},
          {"duplicates", result.summary.duplicates},
          {"not_music", result.summary.not_music},
          {"low_ratings", result.summary.low_ratings},
          {"listeners", result.summary.listeners},
          {"songs_heard", result.summary.songs_heard},
          {"streams", result.summary.streams},
          {"skips", result.summary.skips},
          {"als_loss", result.loss},
          {"discover_weekly_lists", result.discover_weekly_lists},
          {"cold_start_lists", result.cold_start_lists},
          {"release_radar_lists", result.release_radar_lists}};
}

std::optional<Date> date_in(const nlohmann::json& manifest, const char* name) {
  return manifest.contains(name) ? parse_date(manifest.at(name).get<std::string>()) : std::nullopt;
}

}  // namespace

std::string manifest_text(const RunOrigin& origin, const NightlyResult& result) {
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
  manifest["inputs"] = inputs_to_json(origin.inputs);
  manifest["metrics"] = metrics_to_json(result);
  manifest["stages"] = stages_to_json(result.stages);
  manifest["outputs"] = outputs_to_json(result.stages);
  manifest["seconds"] = result.seconds;
  return manifest.dump(1) + "\n";
}

Manifest read_manifest(const fs::path& run) {
  Manifest manifest;
  try {
    const nlohmann::json json = nlohmann::json::parse(read_file(run / kManifest));
    manifest.command = json.at("command");
    manifest.key = json.at("key");
    manifest.monday = date_in(json, "monday");
    manifest.friday = date_in(json, "friday");
    manifest.discover_weekly_lists = json.at("metrics").at("discover_weekly_lists");
    for (const nlohmann::json& stage : json.at("stages"))
      manifest.stages.push_back(
          fmt::format("{}-{}", stage.at("name").get<std::string>(), stage.at("key").get<std::string>()));
    for (const nlohmann::json& file : json.at("outputs"))
      manifest.outputs.push_back({file.at("name"), file.at("bytes"), file.at("sha256")});
  } catch (const nlohmann::json::exception& error) {
    throw BadInput(
        fmt::format("{}: {}; restore it, or remove that run (what its Discover Weekly gave may then be given again)",
                    (run / kManifest).string(), quote_for_message(error.what(), 200)));
  }
  return manifest;
}

std::vector<fs::path> published_runs(const fs::path& runs) {
  std::vector<fs::path> published;
  if (fs::is_directory(runs))
    for (const fs::directory_entry& entry : fs::directory_iterator(runs))
      if (!entry.is_symlink() && !entry.path().filename().string().starts_with('.') &&
          fs::exists(entry.path() / kManifest))
        published.push_back(entry.path());
  std::sort(published.begin(), published.end());
  return published;
}

std::string path_in_run(const std::string& stage, const std::string& file) {
  return file == "rejects.csv" ? file : stage + "/" + file;
}

}  // namespace segue::pipeline
