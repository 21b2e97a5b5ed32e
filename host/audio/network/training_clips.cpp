#include "host/audio/network/training_clips.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "host/audio/network/metadata.hpp"
#include "segue/audio/decode.hpp"
#include "segue/core/error.hpp"
#include "segue/core/log.hpp"
#include "segue/core/memory_plan.hpp"
#include "segue/core/parallel.hpp"
#include "segue/core/sha256.hpp"

namespace segue::audio {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kFilesAtOnce = 32;  // decoded, then transformed together

// Of what the spectrograms depend on, the audio files' own bytes aside: their sizes and times stand for them.
fs::path cache_path(const fs::path& folder, const std::vector<Labels>& labels, const fs::path& cache,
                    const FrontEndOptions& front_end) {
  Weights key;
  set_front_end(key, front_end);
  Sha256 hash;
  hash.update(key.metadata.begin()->second);
  for (const Labels& clip : labels) {
    std::error_code error;
    const fs::path audio = folder / clip.path;
    hash.update(fmt::format("\n{}\t{}\t{}", clip.path, fs::file_size(audio, error),
                            fs::last_write_time(audio, error).time_since_epoch().count()));
  }
  return cache / (hash.hex().substr(0, 16) + ".clips");
}

void compute_clips(Device device, const fs::path& folder, const std::vector<Labels>& labels, const fs::path& path,
                   const FrontEndOptions& options, Progress& progress) {
  FrontEnd front_end(device, options);
  ClipWriter writer(path, options.mel_bands.bands, options.harmonic_bands.bands);
  const auto count = std::ssize(labels);
  ProgressTask task(progress, fmt::format("spectrograms of {}", folder.string()), count, "clips");
  for (std::int64_t begin = 0; begin < count; begin += kFilesAtOnce) {
    const std::int64_t size = std::min(kFilesAtOnce, count - begin);
    std::vector<std::vector<float>> audio(static_cast<std::size_t>(size));
    parallel_tasks(size, [&](std::int64_t i) {
      const fs::path file = folder / labels[static_cast<std::size_t>(begin + i)].path;
      audio[static_cast<std::size_t>(i)] = decode_mono(file, options.sample_rate);
    });
    const std::vector<std::span<const float>> views(audio.begin(), audio.end());
    for (const Features& features : front_end.compute(views))
      writer.add(features);
    task.advance(size);
  }
  writer.commit();
  log::info("{}: the spectrograms of {} clips take {} in {}", folder.string(), count,
            format_bytes(static_cast<std::int64_t>(fs::file_size(path))), path.parent_path().string());
}

}  // namespace

void TrainingClips::add(ClipFile file, std::vector<Labels> labels) {
  if (file.size() != std::ssize(labels))
    throw BadInput(fmt::format("{} labels for the spectrograms of {} clips", labels.size(), file.size()));
  for (std::int64_t i = 0; i < file.size(); ++i)
    clips_.push_back({std::move(labels[static_cast<std::size_t>(i)]), files_.size(), i});
  files_.push_back(std::move(file));
}

std::vector<const TrainingClips::Clip*> TrainingClips::of_split(Split split) const {
  std::vector<const Clip*> chosen;
  for (const Clip& clip : clips_)
    if (clip.labels.split == split)
      chosen.push_back(&clip);
  return chosen;
}

TrainingClips prepare_clips(Device device, std::span<const fs::path> folders, const fs::path& cache,
                            const FrontEndOptions& front_end, Progress& progress) {
  fs::create_directories(cache);
  TrainingClips clips;
  for (const fs::path& folder : folders) {
    std::vector<Labels> labels = read_labels(folder);
    const fs::path path = cache_path(folder, labels, cache, front_end);
    if (!fs::exists(path))
      compute_clips(device, folder, labels, path, front_end, progress);
    clips.add(ClipFile(path), std::move(labels));
  }
  return clips;
}

}  // namespace segue::audio
