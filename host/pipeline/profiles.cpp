#include "host/pipeline/profiles.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "host/audio/profile/profile_json.hpp"
#include "segue/audio/weights.hpp"
#include "segue/core/error.hpp"
#include "segue/core/file.hpp"
#include "segue/core/log.hpp"
#include "segue/data/factor_table.hpp"

namespace segue::pipeline {
namespace {

namespace fs = std::filesystem;
using audio::Analysis;
using audio::StoredProfile;
using Json = nlohmann::ordered_json;

constexpr std::size_t kStoreBatch = 64;     // profiles a transaction: what a kill loses at most
constexpr std::int64_t kWarningsShown = 5;  // of files that cannot be read

bool is_missing(const StoredProfile& song) {
  return song.profile.embedding.empty();
}

void make_missing(std::vector<StoredProfile>& songs, audio::ProfileStore& store, const fs::path& model, Device device,
                  Progress& progress) {
  std::vector<fs::path> files;
  std::vector<StoredProfile*> missing;
  for (StoredProfile& song : songs)
    if (is_missing(song)) {
      files.emplace_back(song.path);
      missing.push_back(&song);
    }
  if (files.empty())
    return;
  audio::Analyzer analyzer(device, audio::read_weights(model), {});
  std::vector<StoredProfile> unsaved;
  std::size_t next = 0;
  std::int64_t failed = 0;
  const auto take = [&](Analysis&& analysis) {
    StoredProfile& song = *missing[next++];
    if (analysis.error) {
      if (++failed <= kWarningsShown)
        log::warn("song {}: {}", song.id, *analysis.error);
      return;
    }
    song.profile = std::move(analysis.profile);
    unsaved.push_back(song);
    if (unsaved.size() < kStoreBatch)
      return;
    store.put(unsaved);
    unsaved.clear();
  };
  analyzer.analyze(files, take, progress);
  store.put(unsaved);
  if (failed > 0)
    log::warn("{} of {} audio files could not be analysed; their songs go without profile", failed, files.size());
}

Json json_of(const StoredProfile& song) {
  Json object{{"song", song.id}, {"source", "audio"}};
  object.update(audio::json_of(song.profile));
  return object;
}

template <class Value>
Json or_null(const std::optional<Value>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json json_of(const CatalogueProfile& song) {
  return {{"song", song.id},
          {"source", "catalogue"},
          {"tempo", or_null(song.tempo)},
          {"key", or_null(song.key)},
          {"mode", or_null(song.mode)},
          {"time_signature", or_null(song.time_signature)},
          {"loudness", or_null(song.loudness)}};
}

bool is_empty(const CatalogueProfile& song) {
  return !song.tempo && !song.key && !song.mode && !song.time_signature && !song.loudness;
}

}  // namespace

std::vector<audio::AudioFile> audio_files(const data::Catalogue& catalogue, const data::IdTable& songs,
                                          const fs::path& base) {
  std::vector<audio::AudioFile> files;
  for (std::size_t row = 0; row < catalogue.path.size(); ++row) {
    std::error_code unknown;  // such as of a URI that is no path
    if (const fs::path path = base / catalogue.path[row]; fs::is_regular_file(path, unknown))
      files.push_back({std::string(songs.id(static_cast<std::int32_t>(row))), path});
  }
  return files;
}

void write_profiles(std::vector<StoredProfile> songs, const std::vector<CatalogueProfile>& catalogue,
                    audio::ProfileStore& store, const fs::path& model, Device device, const fs::path& directory,
                    Progress& progress) {
  make_missing(songs, store, model, device, progress);
  std::erase_if(songs, is_missing);
  AtomicFile file(directory / "profiles.jsonl");
  data::IdTable ids;
  const std::size_t dimension = songs.empty() ? 0 : songs[0].profile.embedding.size();
  Matrix<float> embeddings(static_cast<std::int64_t>(songs.size()), static_cast<std::int64_t>(dimension));
  for (const StoredProfile& song : songs) {
    file.write(json_of(song).dump() + "\n");
    std::ranges::copy(song.profile.embedding, embeddings.row(ids.add(song.id)).begin());
  }
  for (const CatalogueProfile& song : catalogue)
    if (!is_empty(song) && ids.find(song.id) == data::IdTable::kNone)
      file.write(json_of(song).dump() + "\n");
  file.commit();
  data::write_factor_table(directory, "sound", std::as_const(embeddings).view(), ids);
}

void add_tempi(const fs::path& directory, const data::IdTable& songs, data::Catalogue& catalogue) {
  if (catalogue.flow.rows() == 0)
    catalogue.flow = Matrix<float>(catalogue.songs(), 3, 0.0f);
  std::istringstream lines(read_file(directory / "profiles.jsonl"));
  for (std::string line; std::getline(lines, line);) {
    const Json song = Json::parse(line);
    const std::int32_t row = songs.find(song.at("song").get<std::string>());
    const Json& tempo = song.at("tempo");
    if (!catalogue.contains(row) || !tempo.is_number())
      continue;
    const std::span<float> flow = catalogue.flow.row(row);
    if (std::ranges::all_of(flow, [](float value) { return value == 0; }))
      flow[0] = tempo.get<float>() / 60;
  }
}

}  // namespace segue::pipeline
