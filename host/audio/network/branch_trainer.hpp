#pragma once

#include <filesystem>
#include <string>

#include "host/audio/network/branch_lessons.hpp"
#include "segue/core/progress.hpp"

namespace segue::audio {

/// What training has come to after whole epochs.
struct TrainingState {
  int epochs = 0;
  int best_epoch = 0;
  double best_loss = 0;
  double seconds = 0;  ///< all of it, also before a kill
  Weights best;        ///< values and running statistics at the best epoch
  Weights current;     ///< the same now, and the moments
};

/// One file, written each epoch.
class TrainingCheckpoint {
 public:
  /// @param made_for  options and data: a checkpoint of others is not gone on from
  TrainingCheckpoint(std::filesystem::path path, std::string made_for)
      : path_(std::move(path)), made_for_(std::move(made_for)) {}
  /// epochs = 0 where there is none of the same.
  TrainingState load() const;
  void save(const TrainingState& state) const;

 private:
  std::filesystem::path path_;
  std::string made_for_;
};

/// From peak/25 up to the peak over the first 15% of the steps, then down to 0, both along half a cosine.
double learning_rate(double peak, std::int64_t step, std::int64_t steps);

/// What stays the same over a branch's training.
struct TrainerSetting {
  LayerOps& ops;
  const TrainingClips& clips;
  const TrainingOptions& options;
  BranchSchedule schedule;
  std::filesystem::path work;
  std::string made_for;
};

/// Trains the branch, or what is left of it; its best parameters are put into `weights`.
TrainedBranch train_branch(const BranchLessons& lessons, const TrainerSetting& setting, Weights& weights,
                           Progress& progress);

/// Runs hear() over clips, some at a time.
std::vector<Heard> hear_all(const TrainingClips& clips, std::span<const TrainingClips::Clip* const> chosen,
                            const std::function<void(std::span<const Features>, std::span<Heard>)>& hear);

}  // namespace segue::audio
