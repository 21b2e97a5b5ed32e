#include "segue/pipeline/nightly.hpp"

#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "host/pipeline/profiles.hpp"
#include "host/pipeline/publish.hpp"
#include "segue/audio/network.hpp"
#include "segue/core/error.hpp"
#include "segue/core/file.hpp"
#include "segue/core/log.hpp"
#include "segue/core/npy.hpp"
#include "segue/core/sha256.hpp"
#include "segue/data/table_reader.hpp"
#include "segue/playlist/artist_vectors.hpp"
#include "segue/playlist/memory_plan.hpp"

namespace segue::pipeline {
namespace {

namespace fs = std::filesystem;

std::string hash_of(std::initializer_list<std::string_view> parts) {
  Sha256 hash;
  for (const std::string_view part : parts) {
    hash.update(part);
    hash.update(std::string_view("\0", 1));
  }
  return hash.hex().substr(0, 16);
}

std::string describe(const std::vector<StageFile>& files) {
  std::string text;
  for (const StageFile& file : files)
    text += file.name + " " + file.sha256 + "\n";
  return text;
}

/// The stages of a night, each named by what it makes. A stage's key hashes its options and its inputs' contents.
class Night {
 public:
  Night(fs::path cache, data::DataPaths paths, Device device, const Config& config, Progress& progress)
      : cache_(std::move(cache)), paths_(std::move(paths)), device_(device), config_(config), progress_(progress) {
    inputs_ = hash_inputs(paths_);
    program_ = sha256_file("/proc/self/exe");
  }

  const std::vector<StageFile>& inputs() const { return inputs_; }

  Stage interactions() {
    const std::string key = hash_of({program_, describe(inputs_), options({"input", "input.columns", "interactions"})});
    return cache_.run("interactions", key, StageCache::Partial::discard, [&](const fs::path& directory) {
      data::RejectLog rejects(directory / "rejects.csv");
      write_listening(directory, read_or_keep_rejects(rejects, directory), paths_);
      rejects.commit();
    });
  }

  /// What the catalogue's audio files sound like; nothing where it names none. Profiles are kept in `store` from night
  /// to night: only new or changed files are listened to.
  std::optional<Stage> profiles(const Stage& interactions, const fs::path& store) {
    if (paths_.songs.empty() || data::TableReader(paths_.songs).column("path") < 0)
      return std::nullopt;
    const Listening listening = load_listening(interactions.directory);
    const std::vector<audio::AudioFile> files =
        audio_files(listening.catalogue, listening.songs, paths_.songs.parent_path());
    if (files.empty())
      return std::nullopt;
    const fs::path model = model_or_nothing();
    if (model.empty())
      return std::nullopt;
    audio::ProfileStore profiles = audio::ProfileStore::open(store);
    const std::vector<audio::StoredProfile> songs = audio::look_up(profiles, files, sha256_file(model), progress_);
    std::string contents;
    for (const audio::StoredProfile& song : songs)
      contents += fmt::format("{} {}\n", song.id, song.sha256);
    const std::string key =
        hash_of({program_, contents, sha256_file(paths_.songs), songs[0].model, device_.to_string()});
    return cache_.run("profiles", key, StageCache::Partial::discard, [&](const fs::path& directory) {
      write_profiles(songs, read_profile_columns(paths_.songs), profiles, model, device_, directory, progress_);
    });
  }

  Stage als(const Stage& interactions) {
    const std::string data_hash = sha256(describe(interactions.files));
    const std::string key = hash_of({program_, data_hash, options({"als"}), device_.to_string()});
    return cache_.run("als", key, StageCache::Partial::resume, [&](const fs::path& directory) {
      train(load_listening(interactions.directory), data_hash, directory);
    });
  }

  Stage groups(const Stage& als) {
    const std::string key = hash_of({program_, describe(als.files), options({"groups"}), device_.to_string()});
    return cache_.run("groups", key, StageCache::Partial::discard, [&](const fs::path& directory) {
      const Matrix<float> users = read_npy_matrix(als.directory / "users.npy");
      const search::Clusters clusters = search::spherical_kmeans(device_, users.view(), config_.groups, progress_);
      write_npy(directory / "centroids.npy", clusters.centroids.view());
      write_npy(directory / "group_of_user.npy", std::span<const std::int32_t>(clusters.assignment));
    });
  }

  /// Both playlists for every listener, with the Discover Weekly songs of earlier runs in `runs` left out.
  Stage playlists(const Stage& interactions, const std::optional<Stage>& profiles, const Stage& als,
                  const Stage& groups, const PlaylistDates& dates, const fs::path& runs) {
    const Run run(interactions.directory, profiles ? profiles->directory : fs::path(), als.directory, groups.directory,
                  config_);
    std::string history;
    const data::Csr given = given_before(runs, dates.monday, run.listening(), &history);
    const std::string key =
        hash_of({program_, describe(interactions.files), profiles ? describe(profiles->files) : "", describe(als.files),
                 describe(groups.files), history, format_date(dates.monday), format_date(dates.friday),
                 device_.to_string(), options({"discover_weekly", "release_radar", "output"})});
    return cache_.run("playlists", key, StageCache::Partial::discard, [&](const fs::path& directory) {
      write_playlists(run.inputs(), given.view(), dates, directory);
    });
  }

 private:
  static fs::path model_or_nothing() {
    try {
      return audio::find_model("audio.safetensors");
    } catch (const IoError& error) {
      log::warn("{}; the catalogue's audio files are not listened to", error.what());
      return {};
    }
  }

  std::string options(std::initializer_list<std::string_view> sections) const { return fingerprint(config_, sections); }

  /// When too much is rejected there is no run to hold the rejects, so they go beside the runs.
  Listening read_or_keep_rejects(data::RejectLog& rejects, const fs::path& directory) {
    try {
      return read_listening(paths_, config_, directory, rejects, progress_);
    } catch (const BadInput& error) {
      if (rejects.count() == 0)
        throw;
      rejects.commit();
      const fs::path kept = cache_.root().parent_path() / "rejects.csv";
      write_file(kept, read_file(directory / "rejects.csv"));
      throw BadInput(
          fmt::format("{} (the {} rejected so far are in {})", error.what(), rejects.count(), kept.string()));
    }
  }

  void train(const Listening& listening, const std::string& data_hash, const fs::path& directory) {
    const data::CsrView by_user = listening.interactions.strength.view();
    if (by_user.nonzeros() == 0)
      log::warn(
          "nothing to train on: no user streamed enough (interactions.min_user_streams is {}, min_song_listeners "
          "{}), so everybody gets a cold-start list",
          config_.interactions.min_user_streams, config_.interactions.min_song_listeners);
    MemoryPlan plan = als::memory_plan(device_, by_user, config_.als.als);
    plan.add("transposed matrix", by_user.nonzeros() * 8 + by_user.columns * 8);
    log::info("{}; {} available", plan.to_string(), format_bytes(available_memory_bytes()));
    plan.require(available_memory_bytes(), "lower als.rank");
    const data::Csr by_song = data::transpose(by_user);
    const als::TrainResult result =
        als::train(device_, by_user, by_song.view(), config_.als, directory, data_hash, progress_);
    data::write_factor_table(directory, "users", result.factors.users.view(), listening.users);
    data::write_factor_table(directory, "songs", result.factors.songs.view(), listening.songs);
    const Matrix<float> artists =
        playlist::artist_vectors(listening.catalogue, result.factors.songs.view(), by_song.view());
    data::write_factor_table(directory, "artists", artists.view(), listening.catalogue.artists);
    write_npy(directory / "loss.npy", std::span<const double>(result.loss));
  }

  void write_playlists(const playlist::Inputs& inputs, const data::CsrView& given, const PlaylistDates& dates,
                       const fs::path& directory) {
    playlist::DiscoverWeeklyOptions weekly_options = config_.discover_weekly;
    weekly_options.monday = dates.monday;
    playlist::ReleaseRadarOptions radar_options = config_.release_radar;
    radar_options.friday = dates.friday;
    const MemoryPlan plan = playlist::memory_plan(inputs, weekly_options, radar_options);
    log::info("{}; {} available", plan.to_string(), format_bytes(available_memory_bytes()));
    plan.require(available_memory_bytes(), "lower discover_weekly.block_users and candidates, or set weights to 0");
    std::int64_t weekly_lists = 0, cold_lists = 0, radar_lists = 0;
    playlist::PlaylistWriter weekly(directory, "discover-weekly", dates.monday, inputs, config_.output);
    playlist::make_discover_weekly(
        inputs, device_, weekly_options, given, {},
        [&](const playlist::Playlist& list) {
          weekly.write(list);
          ++weekly_lists;
          cold_lists += list.cold_start ? 1 : 0;
        },
        progress_);
    weekly.commit();
    playlist::PlaylistWriter radar(directory, "release-radar", dates.friday, inputs, config_.output);
    playlist::make_release_radar(
        inputs, device_, radar_options, {},
        [&](const playlist::Playlist& list) {
          radar.write(list);
          ++radar_lists;
        },
        progress_);
    radar.commit();
    const nlohmann::ordered_json counts{
        {"discover_weekly", weekly_lists}, {"cold_start", cold_lists}, {"release_radar", radar_lists}};
    write_file(directory / "counts.json", counts.dump(1) + "\n");
  }

  StageCache cache_;
  data::DataPaths paths_;
  Device device_;
  const Config& config_;
  Progress& progress_;
  std::vector<StageFile> inputs_;
  std::string program_;  // a rebuilt program may compute otherwise, whatever its version says
};

void read_counts(const fs::path& playlists, NightlyResult& result) {
  const nlohmann::json counts = nlohmann::json::parse(read_file(playlists / "counts.json"));
  result.discover_weekly_lists = counts.at("discover_weekly");
  result.cold_start_lists = counts.at("cold_start");
  result.release_radar_lists = counts.at("release_radar");
}

std::string run_key(const std::vector<Stage>& stages) {
  std::string keys;
  for (const Stage& stage : stages)
    keys += stage.name + "-" + stage.key + "\n";
  return hash_of({keys});
}

std::string utc_now_for_names() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  std::string text = format_timestamp(std::chrono::duration_cast<std::chrono::seconds>(now).count());
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

PlaylistDates playlist_dates(const std::optional<Date>& date, const LogSummary& summary) {
  if (date)
    return {next_weekday(*date - std::chrono::days{1}, std::chrono::Monday),
            next_weekday(*date - std::chrono::days{1}, std::chrono::Friday)};
  const Date last = summary.last_timestamp != 0
                        ? date_of(summary.last_timestamp)
                        : std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now());
  if (summary.last_timestamp == 0)
    log::warn("the log has no times: lists are for the days after today; --date chooses others");
  return {next_weekday(last, std::chrono::Monday), next_weekday(last, std::chrono::Friday)};
}

NightlyResult run_nightly(const NightlyOptions& options, Progress& progress) {
  const auto start = std::chrono::steady_clock::now();
  if (options.runs.empty())
    throw InvalidArgument("--runs: a folder expected");
  const data::DataPaths paths = data::find_input(options.data.string());
  fs::create_directories(options.runs);
  const FolderLock lock(options.runs);
  require_flippable(options.runs);
  remove_leftovers(options.runs);

  Night night(options.runs / ".cache", paths, options.device, options.config, progress);
  NightlyResult result;
  const Stage interactions = night.interactions();
  result.summary = load_summary(interactions.directory);
  const PlaylistDates dates = playlist_dates(options.date, result.summary);
  result.monday = dates.monday;
  result.friday = dates.friday;
  const std::optional<Stage> profiles = night.profiles(interactions, options.runs / "profiles.sqlite");
  const Stage als = night.als(interactions);
  const Stage groups = night.groups(als);
  const Stage playlists = night.playlists(interactions, profiles, als, groups, dates, options.runs);
  result.loss = read_npy_vector<double>(als.directory / "loss.npy");
  read_counts(playlists.directory, result);
  result.stages = {interactions, als, groups, playlists};
  if (profiles)
    result.stages.insert(result.stages.begin() + 1, *profiles);
  result.seconds = seconds_since(start);

  const std::string key = run_key(result.stages);
  if (const auto published = find_run(options.runs, key)) {
    result.run = *published;
    result.up_to_date = true;
  } else {
    result.run = options.runs / fmt::format("{}-{}", utc_now_for_names(), key);
    publish_run(result.run, {"nightly", key, options.data, night.inputs(), options.config, options.device}, result);
  }
  flip_current(options.runs, result.run);
  StageCache(options.runs / ".cache").collect_garbage(stages_in_use(options.runs));
  return result;
}

NightlyResult train_als(const fs::path& data, const fs::path& out, Device device, const Config& config,
                        Progress& progress) {
  const auto start = std::chrono::steady_clock::now();
  const data::DataPaths paths = data::find_input(data.string());
  if (fs::exists(out))
    throw InvalidArgument(fmt::format("--out {}: it exists; name a new folder", out.string()));
  const fs::path working = out.string() + ".partial";
  fs::create_directories(working);
  {
    const FolderLock lock(working);
    Night night(working / ".cache", paths, device, config, progress);
    NightlyResult result;
    const Stage interactions = night.interactions();
    const Stage als = night.als(interactions);
    const Stage groups = night.groups(als);
    result.summary = load_summary(interactions.directory);
    result.loss = read_npy_vector<double>(als.directory / "loss.npy");
    result.stages = {interactions, als, groups};
    result.seconds = seconds_since(start);
    result.run = out;
    publish_run(fs::absolute(out), {"train als", run_key(result.stages), data, night.inputs(), config, device}, result);
    fs::remove_all(working);
    return result;
  }
}

}  // namespace segue::pipeline
