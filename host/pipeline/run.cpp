#include "segue/pipeline/run.hpp"

#include <fmt/format.h>

#include "host/pipeline/manifest.hpp"
#include "host/pipeline/profiles.hpp"
#include "segue/core/error.hpp"
#include "segue/core/npy.hpp"

namespace segue::pipeline {

namespace fs = std::filesystem;

Run::Run(const fs::path& directory) : directory_(directory) {
  if (!fs::exists(directory / "manifest.json"))
    throw BadInput(
        fmt::format("{} is not a run (it has no manifest.json): make one with `segue nightly` or "
                    "`segue train als`, and name it with --run",
                    directory.string()));
  directory_ = fs::canonical(directory);
  const Manifest manifest = read_manifest(directory_);
  if (manifest.monday && manifest.friday)
    dates_ = {*manifest.monday, *manifest.friday};
  config_ = load_config(directory_ / "segue.toml", {}, -1);
  const fs::path profiles = directory_ / "profiles";
  load(directory_ / "interactions", fs::exists(profiles) ? profiles : fs::path(), directory_ / "als",
       directory_ / "groups");
}

Run::Run(const fs::path& interactions, const fs::path& profiles, const fs::path& als, const fs::path& groups,
         const Config& config)
    : config_(config) {
  load(interactions, profiles, als, groups);
}

void Run::load(const fs::path& interactions, const fs::path& profiles, const fs::path& als, const fs::path& groups) {
  listening_ = load_listening(interactions);
  if (!profiles.empty()) {
    add_tempi(profiles, listening_.songs, listening_.catalogue);
    sound_ = data::read_factor_table(profiles, "sound");
  }
  users_ = data::read_factor_table(als, "users");
  songs_ = data::read_factor_table(als, "songs");
  artists_ = data::read_factor_table(als, "artists");
  group_of_user_ = read_npy_vector<std::int32_t>(groups / "group_of_user.npy");
  const bool fits = users_.vectors.rows() == listening_.summary.listeners &&
                    songs_.vectors.rows() == listening_.songs.size() &&
                    songs_.vectors.columns() == users_.vectors.columns() &&
                    static_cast<std::int64_t>(group_of_user_.size()) == users_.vectors.rows();
  if (!fits)
    throw BadInput(fmt::format("{}: {} users and {} songs have vectors, the log had {} and {}: the run is damaged",
                               als.string(), users_.vectors.rows(), songs_.vectors.rows(), listening_.summary.listeners,
                               listening_.songs.size()));
}

playlist::Inputs Run::inputs() const {
  return {.users = &listening_.users,
          .songs = &listening_.songs,
          .catalogue = &listening_.catalogue,
          .interactions = &listening_.interactions,
          .follows = listening_.follows.view(),
          .user_vectors = users_.vectors.view(),
          .song_vectors = songs_.vectors.view(),
          .group_of_user = group_of_user_,
          .als = config_.als.als};
}

}  // namespace segue::pipeline
