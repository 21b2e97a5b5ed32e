#include "segue/audio/profile_store.hpp"
#include "segue/core/error.hpp"
#include "segue/core/parallel.hpp"
#include "segue/core/sha256.hpp"

namespace segue::audio {
namespace {

std::string hash_or_nothing(const std::filesystem::path& path) {
  try {
    return sha256_file(path);
  } catch (const IoError&) {
    return "";  // its analysis will say why
  }
}

}  // namespace

std::vector<StoredProfile> look_up(const ProfileStore& store, std::span<const AudioFile> files,
                                   const std::string& model, Progress& progress) {
  std::vector<StoredProfile> found(files.size());
  {
    ProgressTask task(progress, "hash", static_cast<std::int64_t>(files.size()), "files");
    parallel_tasks(static_cast<std::int64_t>(files.size()), [&](std::int64_t i) {
      found[static_cast<std::size_t>(i)].sha256 = hash_or_nothing(files[static_cast<std::size_t>(i)].path);
      task.advance(1);
    });
  }
  for (std::size_t i = 0; i < files.size(); ++i) {
    StoredProfile& song = found[i];
    std::optional<StoredProfile> known = store.get(files[i].id);
    if (known && !song.sha256.empty() && known->sha256 == song.sha256 && known->model == model)
      song = std::move(*known);
    song.id = files[i].id;
    song.path = files[i].path.string();
    song.model = model;
  }
  return found;
}

}  // namespace segue::audio
