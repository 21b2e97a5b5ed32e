#include "segue/audio/training.hpp"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>

#include "host/audio/network/branch_trainer.hpp"
#include "host/audio/network/finish_training.hpp"
#include "host/audio/network/metadata.hpp"
#include "segue/core/error.hpp"
#include "segue/core/sha256.hpp"
#include "segue/core/version.hpp"

namespace segue::audio {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

Json to_json(const BranchSchedule& schedule) {
  return {{"epochs", schedule.epochs}, {"batch", schedule.batch}, {"learning_rate", schedule.learning_rate}};
}

Json to_json(const TrainingOptions& options, const BranchSchedule& schedule) {
  return {{"schedule", to_json(schedule)},
          {"weight_decay", options.weight_decay},
          {"gradient_clip", options.gradient_clip},
          {"label_smoothing", options.label_smoothing},
          {"seed", options.seed},
          {"distrusted_keys", options.distrusted_keys}};
}

void check_schedule(const std::string& branch, const BranchSchedule& schedule) {
  if (schedule.epochs < 1 || schedule.batch < 2 || schedule.batch > 4096)
    throw InvalidArgument(fmt::format("{}: {} epochs of batches of {}; 1 epoch or more, batches of 2 to 4096 expected",
                                      branch, schedule.epochs, schedule.batch));
  if (!(schedule.learning_rate > 0 && schedule.learning_rate <= 1))
    throw InvalidArgument(
        fmt::format("{}: learning rate {}; above 0, up to 1 expected", branch, schedule.learning_rate));
}

void check(const TrainingOptions& options) {
  check_schedule("harmonic", options.harmonic_schedule);
  check_schedule("rhythm", options.rhythm_schedule);
  if (!(options.label_smoothing >= 0 && options.label_smoothing < 1))
    throw InvalidArgument(fmt::format("label smoothing {}; 0 to below 1 expected", options.label_smoothing));
  if (!(options.gradient_clip > 0))
    throw InvalidArgument(fmt::format("gradient clip {}; above 0 expected", options.gradient_clip));
}

// Of every label: with the options it decides whether a checkpoint is of this training.
std::string labels_hash(const TrainingClips& clips) {
  Sha256 hash;
  for (const TrainingClips::Clip& clip : clips.clips())
    hash.update(format_labels(clip.labels) + "\n");
  return hash.hex();
}

Json counts_of(const TrainingClips& clips) {
  std::map<std::string, std::int64_t> sources;
  for (const TrainingClips::Clip* clip : clips.of_split(Split::train))
    ++sources[clip->labels.source.empty() ? "unnamed" : clip->labels.source];
  return sources;
}

// Of a branch, for the weights' metadata: how it was made, and how it went.
std::string describe(const TrainedBranch& branch, Json made_for) {
  made_for.erase("front_end");
  made_for["parameters"] = branch.parameters;
  made_for["clips"] = branch.clips;
  made_for["epochs"] = branch.epochs;
  made_for["best_epoch"] = branch.best_epoch;
  made_for["validation_loss"] = branch.validation_loss;
  made_for["seconds"] = branch.seconds;
  return made_for.dump();
}

}  // namespace

TrainingResult train_clips(Device device, const TrainingClips& clips, const fs::path& work,
                           const TrainingOptions& options, const std::optional<fs::path>& from, Progress& progress) {
  check(options);
  if (clips.of_split(Split::validation).empty())
    throw BadInput("no clip is of split \"validation\": there is nothing to choose and calibrate by");
  fs::create_directories(work);
  const std::unique_ptr<LayerOps> ops = make_layer_ops(device);
  const std::string hash = labels_hash(clips);
  TrainingResult result;
  if (from)
    result.weights = read_weights(*from);
  set_front_end(result.weights, options.front_end);

  const auto train = [&](const BranchLessons& lessons, const BranchSchedule& schedule) {
    Json made_for = to_json(options, schedule);
    made_for["version"] = version();
    made_for["labels"] = hash;
    made_for["front_end"] = result.weights.metadata["front_end"];
    const TrainerSetting setting{*ops, clips, options, schedule, work, made_for.dump()};
    result.branches.push_back(train_branch(lessons, setting, result.weights, progress));
    result.weights.metadata["training_" + lessons.name()] = describe(result.branches.back(), made_for);
  };
  if (options.harmonic)
    train(*harmonic_lessons(clips, options), options.harmonic_schedule);
  if (options.rhythm)
    train(*rhythm_lessons(clips, options), options.rhythm_schedule);

  result.weights.metadata["segue_version"] = version();
  result.weights.metadata["training_clips"] = counts_of(clips).dump();
  if (from || (options.harmonic && options.rhythm))
    finish_training(*ops, clips, options, result, progress);
  return result;
}

TrainingResult train_network(Device device, std::span<const fs::path> data, const fs::path& work,
                             const TrainingOptions& options, const std::optional<fs::path>& from, Progress& progress) {
  check(options);
  const TrainingClips clips = prepare_clips(device, data, work / "spectrograms", options.front_end, progress);
  return train_clips(device, clips, work, options, from, progress);
}

}  // namespace segue::audio
