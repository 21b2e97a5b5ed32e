#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "segue/core/error.hpp"
#include "segue/core/file.hpp"
#include "segue/core/log.hpp"
#include "segue/core/memory_plan.hpp"
#include "segue/core/text.hpp"
#include "segue/pipeline/run.hpp"

namespace segue::pipeline {
namespace {

namespace fs = std::filesystem;

// A row of a listening log has some 60 bytes; compressed, some 15. In memory a row is 20 bytes, and up to 24 more
// while rows are sorted into pairs of user and song.
MemoryPlan reading_plan(const data::DataPaths& paths) {
  const auto bytes = static_cast<std::int64_t>(fs::file_size(paths.listens));
  const std::string extension = paths.listens.extension().string();
  const std::int64_t rows = bytes / (extension == ".gz" || extension == ".zst" ? 15 : 60) + 1;
  MemoryPlan plan(fmt::format("read {} (about {} listens)", paths.listens.filename().string(), rows));
  plan.add("log", rows * 20);
  plan.add("user-song matrix", rows * 24);
  plan.add("blocks in flight", 64 << 20);
  return plan;
}

data::CatalogueOptions catalogue_options(const Config& config) {
  return {.reject_limit = config.input.reject_limit};
}

std::int64_t count_songs_heard(const data::Csr& plays) {
  std::vector<bool> heard(static_cast<std::size_t>(plays.columns));
  for (const std::int32_t song : plays.indices)
    heard[static_cast<std::size_t>(song)] = true;
  return std::count(heard.begin(), heard.end(), true);
}

/// The catalogue's tables travel with the run as they came, so that it can be read without the data directory.
void copy_tables(const data::DataPaths& paths, const fs::path& directory) {
  for (const fs::path& table : {paths.songs, paths.artists, paths.follows})
    if (!table.empty()) {
      fs::create_directories(directory);
      write_file(directory / table.filename(), read_file(table));
    }
}

data::DataPaths copied_tables(const fs::path& directory) {
  data::DataPaths paths;
  if (!fs::exists(directory))  // a log alone has no tables
    return paths;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("songs."))
      paths.songs = entry.path();
    else if (name.starts_with("artists."))
      paths.artists = entry.path();
    else if (name.starts_with("follows."))
      paths.follows = entry.path();
  }
  return paths;
}

nlohmann::ordered_json to_json(const LogSummary& s) {
  return {{"rows", s.rows},
          {"rejects", s.rejects},
          {"listeners", s.listeners},
          {"songs_heard", s.songs_heard},
          {"streams", s.streams},
          {"skips", s.skips},
          {"first_timestamp", s.first_timestamp},
          {"last_timestamp", s.last_timestamp}};
}

LogSummary summary_from_json(const nlohmann::json& j) {
  return {.rows = j.at("rows"),
          .rejects = j.at("rejects"),
          .listeners = j.at("listeners"),
          .songs_heard = j.at("songs_heard"),
          .streams = j.at("streams"),
          .skips = j.at("skips"),
          .first_timestamp = j.at("first_timestamp"),
          .last_timestamp = j.at("last_timestamp")};
}

void require_listens(const data::ListenLog& log, const data::DataPaths& paths, const data::RejectLog& rejects) {
  if (log.size() > 0)
    return;
  const std::string why = rejects.count() == 0
                              ? "it has a header and no rows"
                              : fmt::format("all of its rows were rejected, the first (line {}) because {}",
                                            rejects.first().line, rejects.first().reason);
  throw BadInput(fmt::format("{}: no listens: {}", paths.listens.string(), why));
}

}  // namespace

Listening read_listening(const data::DataPaths& paths, const Config& config, data::RejectLog& rejects,
                         Progress& progress) {
  const MemoryPlan plan = reading_plan(paths);
  log::info("{}; {} available", plan.to_string(), format_bytes(available_memory_bytes()));
  plan.require(available_memory_bytes(), "split the log");

  Listening listening;
  listening.catalogue = data::read_catalogue(paths, catalogue_options(config), listening.songs, rejects, progress);
  const data::ListenLog log =
      data::read_listens(paths.listens, config.input, listening.users, listening.songs, rejects, progress);
  require_listens(log, paths, rejects);
  const std::int64_t listeners = listening.users.size();
  listening.follows =
      data::read_follows(paths, catalogue_options(config), listening.users, listening.catalogue, rejects, progress);
  listening.interactions =
      data::build_interactions(log, listeners, listening.songs.size(), config.interactions, progress);
  const data::Interactions& interactions = listening.interactions;
  listening.summary = {.rows = log.size(),
                       .rejects = rejects.count(),
                       .listeners = listeners,
                       .songs_heard = count_songs_heard(interactions.plays),
                       .streams = interactions.streams,
                       .skips = interactions.skips,
                       .first_timestamp = interactions.first_timestamp,
                       .last_timestamp = interactions.last_timestamp};
  return listening;
}

void write_listening(const fs::path& directory, const Listening& listening, const data::DataPaths& paths) {
  data::write_ids(directory / "users.ids.tsv", listening.users);
  data::write_ids(directory / "songs.ids.tsv", listening.songs);
  data::write_csr(directory, "strength", listening.interactions.strength.view());
  data::write_csr(directory, "plays", listening.interactions.plays.view());
  copy_tables(paths, directory / "catalogue");
  write_file(directory / "summary.json", to_json(listening.summary).dump(1) + "\n");
}

LogSummary load_summary(const fs::path& directory) {
  const fs::path file = directory / "summary.json";
  try {
    return summary_from_json(nlohmann::json::parse(read_file(file)));
  } catch (const nlohmann::json::exception& error) {
    throw BadInput(fmt::format("{}: {}", file.string(), quote_for_message(error.what(), 200)));
  }
}

Listening load_listening(const fs::path& directory) {
  Listening listening;
  listening.summary = load_summary(directory);
  // The tables were validated when the run was made: what they reject now they rejected then.
  data::RejectLog rejects;
  const data::CatalogueOptions lenient{.reject_limit = 1};
  const data::DataPaths tables = copied_tables(directory / "catalogue");
  listening.catalogue = data::read_catalogue(tables, lenient, listening.songs, rejects, no_progress());
  listening.songs = data::read_ids(directory / "songs.ids.tsv");
  listening.users = data::read_ids(directory / "users.ids.tsv");
  listening.follows = data::read_follows(tables, lenient, listening.users, listening.catalogue, rejects, no_progress());
  data::Interactions& interactions = listening.interactions;
  interactions.strength = data::read_csr(directory, "strength");
  interactions.plays = data::read_csr(directory, "plays");
  interactions.streams = listening.summary.streams;
  interactions.skips = listening.summary.skips;
  interactions.first_timestamp = listening.summary.first_timestamp;
  interactions.last_timestamp = listening.summary.last_timestamp;
  const std::int64_t songs = listening.songs.size();
  if (interactions.plays.columns != songs || interactions.plays.rows != listening.summary.listeners ||
      listening.catalogue.songs() > songs)
    throw BadInput(fmt::format("{}: its matrices are {} × {}, its ids {} × {}: the run is damaged", directory.string(),
                               interactions.plays.rows, interactions.plays.columns, listening.summary.listeners,
                               songs));
  return listening;
}

}  // namespace segue::pipeline
