#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "segue/core/error.hpp"
#include "segue/core/file.hpp"
#include "segue/core/log.hpp"
#include "segue/core/memory_plan.hpp"
#include "segue/core/parallel.hpp"
#include "segue/core/text.hpp"
#include "segue/pipeline/run.hpp"

namespace segue::pipeline {
namespace {

namespace fs = std::filesystem;

// What reading may hold of the memory there is: blocks in flight, then ids, runs and matrices.
struct ReadingMemory {
  std::int64_t available = available_memory_bytes();
  std::int64_t blocks = available / 8;
  std::int64_t ids = available * 3 / 8;
  std::int64_t interactions = available / 2;
};

data::ListenOptions reading_options(const Config& config, const ReadingMemory& memory) {
  data::ListenOptions options = config.input;
  options.format.block_bytes = data::block_bytes_for(memory.blocks);
  return options;
}

// A row of a listening log has some 60 bytes; compressed, some 15. In memory a row is 24 bytes, and up to 16 more as a
// pair of user and song.
void log_plan(const data::DataPaths& paths, const ReadingMemory& memory, const fs::path& folder) {
  std::int64_t rows = 0;
  for (const fs::path& file : paths.listens)
    if (fs::is_regular_file(file)) {
      const std::string extension = file.extension().string();
      const bool compressed =
          extension == ".gz" || extension == ".zst" || extension == ".bz2" || extension == ".parquet";
      rows += static_cast<std::int64_t>(fs::file_size(file)) / (compressed ? 15 : 60) + 1;
    }
  MemoryPlan plan(fmt::format("read about {} listens", rows));
  plan.add("log", std::min(rows * 24, memory.interactions));
  plan.add("user-song matrix", std::min(rows * 16, memory.interactions));
  plan.add("blocks in flight", std::min<std::int64_t>(memory.blocks, std::int64_t{36 << 20} * thread_count()));
  log::info("{} and the ids; {} available{}", plan.to_string(), format_bytes(memory.available),
            rows * 24 > memory.interactions * 2 / 5 ? fmt::format("; what does not fit is spilled to {}, about {}",
                                                                  folder.string(), format_bytes(rows * 24))
                                                    : "");
}

void require_ids_fit(const Listening& listening, const ReadingMemory& memory) {
  const std::int64_t bytes = listening.users.memory_bytes() + listening.songs.memory_bytes();
  if (bytes > memory.ids)
    throw OutOfMemory(
        fmt::format("the ids of {} users and {} songs take {}, and there are {} for them; "
                    "raise --memory, or run on a larger machine",
                    listening.users.size(), listening.songs.size(), format_bytes(bytes), format_bytes(memory.ids)));
}

data::CatalogueOptions catalogue_options(const Config& config) {
  return {.reject_limit = config.input.reject_limit};
}

/// The catalogue's tables travel with the run as they came, so that it can be read without the data directory.
void copy_tables(const data::DataPaths& paths, const Listening& listening, const fs::path& directory) {
  if (paths.songs.empty() && !listening.catalogue.empty()) {  // the log itself has titles
    fs::create_directories(directory);
    data::write_catalogue(directory, listening.catalogue, listening.songs);
    return;
  }
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
          {"duplicates", s.duplicates},
          {"not_music", s.not_music},
          {"low_ratings", s.low_ratings},
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
          .duplicates = j.at("duplicates"),
          .not_music = j.at("not_music"),
          .low_ratings = j.at("low_ratings"),
          .listeners = j.at("listeners"),
          .songs_heard = j.at("songs_heard"),
          .streams = j.at("streams"),
          .skips = j.at("skips"),
          .first_timestamp = j.at("first_timestamp"),
          .last_timestamp = j.at("last_timestamp")};
}

void require_listens(const data::ListenCounts& counts, const data::DataPaths& paths, const data::RejectLog& rejects) {
  if (counts.listens > 0)
    return;
  std::string why = "it has no rows";
  if (counts.not_music + counts.low_ratings > 0)
    why = fmt::format("{} of its rows are podcasts, books or videos, {} are rated below input.min_rating",
                      counts.not_music, counts.low_ratings);
  else if (rejects.count() > 0)
    why = fmt::format("all of its rows were rejected, the first (line {}) because {}", rejects.first().line,
                      rejects.first().reason);
  throw BadInput(fmt::format("{}: no listens: {}", paths.listens[0].string(), why));
}

}  // namespace

Listening read_listening(const data::DataPaths& paths, const Config& config, const fs::path& folder,
                         data::RejectLog& rejects, Progress& progress) {
  const ReadingMemory memory;
  log_plan(paths, memory, folder);
  Listening listening;
  listening.catalogue = data::read_catalogue(paths, catalogue_options(config), listening.songs, rejects, progress);
  data::InteractionsBuilder builder(config.interactions, memory.interactions, folder);
  const data::ListenCounts counts = data::read_listens(
      paths.listens, reading_options(config, memory), listening.users, listening.songs,
      paths.songs.empty() ? &listening.catalogue : nullptr, rejects, progress, [&](const data::ListenLog& batch) {
        require_ids_fit(listening, memory);
        builder.add(batch);
      });
  require_listens(counts, paths, rejects);
  const std::int64_t listeners = listening.users.size();
  listening.follows =
      data::read_follows(paths, catalogue_options(config), listening.users, listening.catalogue, rejects, progress);
  data::Interactions& interactions = listening.interactions;
  const std::int64_t songs = listening.songs.size();
  if (builder.spilled())
    static_cast<data::InteractionTotals&>(interactions) = builder.write(listeners, songs, folder, progress);
  else
    interactions = builder.build(listeners, songs, progress);
  listening.summary = {.rows = counts.listens,
                       .rejects = rejects.count(),
                       .duplicates = interactions.duplicates,
                       .not_music = counts.not_music,
                       .low_ratings = counts.low_ratings,
                       .listeners = listeners,
                       .songs_heard = std::ranges::count(interactions.heard, true),
                       .streams = interactions.streams,
                       .skips = interactions.skips,
                       .first_timestamp = interactions.first_timestamp,
                       .last_timestamp = interactions.last_timestamp};
  return listening;
}

void write_listening(const fs::path& directory, const Listening& listening, const data::DataPaths& paths) {
  data::write_ids(directory / "users.ids.tsv", listening.users);
  data::write_ids(directory / "songs.ids.tsv", listening.songs);
  if (listening.interactions.plays.rows > 0) {  // else they are there already
    data::write_csr(directory, "strength", listening.interactions.strength.view());
    data::write_csr(directory, "plays", listening.interactions.plays.view());
  }
  copy_tables(paths, listening, directory / "catalogue");
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
