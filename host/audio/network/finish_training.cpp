#include "host/audio/network/finish_training.hpp"

#include <algorithm>

#include "host/audio/network/prediction.hpp"

namespace segue::audio {
namespace {

using Clip = TrainingClips::Clip;

// Every so many, so that each folder has its share.
std::vector<const Clip*> thinned(std::vector<const Clip*> clips, std::int64_t most) {
  const auto step = static_cast<std::size_t>((std::ssize(clips) + most - 1) / std::max<std::int64_t>(1, most));
  std::vector<const Clip*> kept;
  for (std::size_t i = 0; i < clips.size(); i += std::max<std::size_t>(1, step))
    kept.push_back(clips[i]);
  return kept;
}

std::vector<Labels> labels_of(std::span<const Clip* const> clips) {
  std::vector<Labels> labels;
  for (const Clip* clip : clips)
    labels.push_back(clip->labels);
  return labels;
}

Temperatures fit_temperatures(std::span<const Labels> labels, std::span<const Heard> heard,
                              const TrainingOptions& options) {
  return {fit_temperature(judge_keys(labels, heard, options)), fit_temperature(judge_tempi(labels, heard)),
          fit_temperature(judge_metres(labels, heard))};
}

std::vector<Prediction> predictions_of(std::vector<Heard> heard, const Temperatures& temperatures,
                                       const Embedding& embedding) {
  std::vector<Prediction> predictions;
  for (Heard& clip : heard)
    predictions.push_back(prediction_of(std::move(clip), temperatures, embedding));
  return predictions;
}

}  // namespace

void finish_training(LayerOps& ops, const TrainingClips& clips, const TrainingOptions& options, TrainingResult& result,
                     Progress& progress) {
  Listener listener(ops, result.weights, options.front_end);
  const std::vector<const Clip*> validation = clips.of_split(Split::validation), test = clips.of_split(Split::test);
  const std::vector<const Clip*> train = thinned(clips.of_split(Split::train), options.embedding_clips);
  ProgressTask task(progress, "calibrate", std::ssize(validation) + std::ssize(test) + std::ssize(train), "clips");
  const auto hear = [&](std::span<const Clip* const> chosen) {
    return hear_all(clips, chosen, [&](std::span<const Features> features, std::span<Heard> heard) {
      listener.hear_harmony(features, heard);
      listener.hear_rhythm(features, heard);
      task.advance(std::ssize(features));
    });
  };
  fit_embedding(hear(train), result.weights);
  const Embedding embedding(result.weights);

  const std::vector<Heard> heard = hear(validation);
  result.validation.labels = labels_of(validation);
  const Temperatures temperatures = fit_temperatures(result.validation.labels, heard, options);
  set_temperatures(result.weights, temperatures);
  result.validation.predictions = predictions_of(heard, temperatures, embedding);
  result.validation.uncalibrated = predictions_of(heard, {}, embedding);

  const std::vector<Heard> heard_of_test = hear(test);
  result.test.labels = labels_of(test);
  result.test.predictions = predictions_of(heard_of_test, temperatures, embedding);
  result.test.uncalibrated = predictions_of(heard_of_test, {}, embedding);
}

}  // namespace segue::audio
