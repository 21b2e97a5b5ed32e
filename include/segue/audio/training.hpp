#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "segue/audio/network.hpp"
#include "segue/core/progress.hpp"

namespace segue::audio {

/// How one branch is trained: AdamW, a learning rate that warms up and then falls along a cosine (Smith 2018).
struct BranchSchedule {
  int epochs = 10;
  int batch = 32;
  double learning_rate = 2e-3;  ///< at its highest
};

struct TrainingOptions {
  bool harmonic = true, rhythm = true;  ///< which branches to train
  BranchSchedule harmonic_schedule{16, 32, 2e-3};
  BranchSchedule rhythm_schedule{12, 16, 3e-3};
  double weight_decay = 0.01;
  double gradient_clip = 5;      ///< ‖gradient‖ is scaled down to this
  double label_smoothing = 0.1;  ///< of key and metre
  /// Epochs without a better validation loss before training stops. Few would end it before the learning rate falls,
  /// which is when most is gained.
  int patience = 8;
  std::uint64_t seed = 1;
  std::vector<std::string> distrusted_keys;  ///< sources whose keys are guesses: not learnt, not validated
  std::int64_t embedding_clips = 1000;       ///< training clips the embedding's axes are fitted to, at most
  FrontEndOptions front_end;
};

/// What a network says of the clips of a split.
struct SplitPredictions {
  std::vector<Labels> labels;
  std::vector<Prediction> predictions;
  std::vector<Prediction> uncalibrated;  ///< the same with every temperature at 1
};

struct TrainedBranch {
  std::string name;
  std::int64_t parameters = 0;
  std::int64_t clips = 0;
  int epochs = 0;      ///< until it stopped
  int best_epoch = 0;  ///< counted from 1: whose parameters were taken
  double validation_loss = 0;
  double seconds = 0;
};

struct TrainingResult {
  /// With calibration, embedding and metadata; without calibration and embedding where the other branch is not there.
  Weights weights;
  std::vector<TrainedBranch> branches;
  SplitPredictions validation, test;
};

/// Trains on the folders' clips of split `train` (see labels.hpp), stops by, chooses by and calibrates on those of
/// split `validation`, of which there must be some. Spectrograms are computed once and kept in `work` as float16; a
/// checkpoint is written there each epoch, and a training that was killed goes on from it and ends in the same bits.
/// TensorBoard events are in `work`/events.
/// @param from  weights whose branch that is not trained is kept
/// @throws BadInput, IoError; InvalidArgument  an option out of range; Error  the loss is not finite
TrainingResult train_network(Device device, std::span<const std::filesystem::path> data,
                             const std::filesystem::path& work, const TrainingOptions& options,
                             const std::optional<std::filesystem::path>& from, Progress& progress);

}  // namespace segue::audio
