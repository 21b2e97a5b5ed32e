#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "host/audio/network/clip_file.hpp"
#include "segue/audio/training.hpp"

namespace segue::audio {

/// Labelled clips of several folders, their spectrograms mapped from files.
class TrainingClips {
 public:
  struct Clip {
    Labels labels;
    std::size_t file = 0;
    std::int64_t index = 0;
  };

  /// Clip i of the file has the i-th labels.
  void add(ClipFile file, std::vector<Labels> labels);

  const std::vector<Clip>& clips() const { return clips_; }
  MatrixView<const std::uint16_t> mel(const Clip& clip) const { return files_[clip.file].mel(clip.index); }
  MatrixView<const std::uint16_t> harmonic(const Clip& clip) const { return files_[clip.file].harmonic(clip.index); }
  Features features(const Clip& clip) const { return files_[clip.file].features(clip.index); }
  /// In their order.
  std::vector<const Clip*> of_split(Split split) const;

 private:
  std::vector<ClipFile> files_;
  std::vector<Clip> clips_;
};

/// Reads each folder's labels and computes its spectrograms, or takes those in `cache` when they are of the same labels
/// and front end.
/// @throws IoError, BadInput
TrainingClips prepare_clips(Device device, std::span<const std::filesystem::path> folders,
                            const std::filesystem::path& cache, const FrontEndOptions& front_end, Progress& progress);

}  // namespace segue::audio
