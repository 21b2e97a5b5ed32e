#pragma once

#include "host/audio/network/branch_trainer.hpp"

namespace segue::audio {

/// train_network() on clips that are there.
TrainingResult train_clips(Device device, const TrainingClips& clips, const std::filesystem::path& work,
                           const TrainingOptions& options, const std::optional<std::filesystem::path>& from,
                           Progress& progress);

/// What follows when both branches are there: temperatures, the embedding's axes, predictions of the splits.
void finish_training(LayerOps& ops, const TrainingClips& clips, const TrainingOptions& options, TrainingResult& result,
                     Progress& progress);

}  // namespace segue::audio
