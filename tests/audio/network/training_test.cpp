#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "host/audio/network/branch_trainer.hpp"
#include "host/audio/network/finish_training.hpp"
#include "segue/core/error.hpp"
#include "segue/core/file.hpp"
#include "tests/audio/network/synthetic_clips.hpp"
#include "tests/core/temporary_directory.hpp"

namespace segue::audio {
namespace {

TrainingOptions quick_options() {
  TrainingOptions options;
  options.front_end = small_front_end();
  options.harmonic_schedule = {2, 8, 3e-3};
  options.rhythm_schedule = {1, 4, 3e-3};
  options.embedding_clips = 8;
  return options;
}

// Stands for a kill: the batch after so many does not come to its end.
class Killed : public Progress {
 public:
  explicit Killed(int after) : left_(after) {}
  void start(std::string_view, std::int64_t, std::string_view) override {}
  void advance(std::int64_t) override {
    if (left_-- == 0)
      throw std::runtime_error("killed");
  }
  void note(std::string_view) override {}
  void finish() override {}

 private:
  int left_;
};

TEST(Training, LearnsKeysOfTriads) {
  const TemporaryDirectory folder;
  TrainingOptions options = quick_options();
  options.rhythm = false;
  options.harmonic_schedule = {5, 8, 5e-3};
  const TrainingClips clips = synthetic_clips(folder / "clips", 64, options.front_end, 1);
  const TrainingResult result = train_clips(Device::cpu(), clips, folder / "work", options, {}, no_progress());

  const auto ops = make_layer_ops(Device::cpu());
  Listener listener(*ops, result.weights, options.front_end);
  const std::vector<const TrainingClips::Clip*> validation = clips.of_split(Split::validation);
  const std::vector<Heard> heard =
      hear_all(clips, validation, [&](auto features, auto results) { listener.hear_harmony(features, results); });
  int right = 0;
  for (std::size_t i = 0; i < heard.size(); ++i) {
    const Labels& labels = validation[i]->labels;
    const auto best = std::ranges::max_element(heard[i].key) - heard[i].key.begin();
    right += best == labels.key + (labels.mode == 1 ? 0 : 12);
  }
  EXPECT_GE(right, 13) << "of " << heard.size() << ", of which one in 24 is right by chance";
  EXPECT_LT(result.branches[0].validation_loss, 1.0);  // log 24 = 3.18 by chance
}

TEST(Training, LearnsMetreAndTempoOfClicks) {
  const TemporaryDirectory folder;
  TrainingOptions options = quick_options();
  options.harmonic = false;
  options.rhythm_schedule = {4, 4, 5e-3};
  const TrainingClips clips = synthetic_clips(folder / "clips", 40, options.front_end, 2);
  const TrainingResult result = train_clips(Device::cpu(), clips, folder / "work", options, {}, no_progress());
  const double by_chance = std::log(226.0 / 9) + std::log(2.0);  // ±4% are 9 classes; two metres
  EXPECT_LT(result.branches[0].validation_loss, 0.6 * by_chance);
}

TEST(Training, KilledAndResumedIsTheSameBitForBit) {
  const TemporaryDirectory folder;
  const TrainingOptions options = quick_options();
  const TrainingClips clips = synthetic_clips(folder / "clips", 24, options.front_end, 3);
  const TrainingResult whole = train_clips(Device::cpu(), clips, folder / "whole", options, {}, no_progress());

  Killed in_second_epoch(3);
  EXPECT_THROW(train_clips(Device::cpu(), clips, folder / "killed", options, {}, in_second_epoch), std::runtime_error);
  const TrainingResult resumed = train_clips(Device::cpu(), clips, folder / "killed", options, {}, no_progress());
  EXPECT_EQ(whole.branches[0].best_epoch, resumed.branches[0].best_epoch);
  ASSERT_EQ(whole.weights.tensors.size(), resumed.weights.tensors.size());
  for (const auto& [name, tensor] : whole.weights.tensors)
    EXPECT_EQ(tensor.values, resumed.weights.tensors.at(name).values) << name;
}

TEST(Training, GivesANetworkThatPredictsAsItDid) {
  const TemporaryDirectory folder;
  const TrainingOptions options = quick_options();
  const TrainingClips clips = synthetic_clips(folder / "clips", 24, options.front_end, 4);
  const TrainingResult result = train_clips(Device::cpu(), clips, folder / "work", options, {}, no_progress());
  ASSERT_EQ(result.validation.labels.size(), 6u);
  EXPECT_EQ(result.test.labels.size(), 0u);

  write_weights(folder / "weights", result.weights);
  const auto network = make_network(Device::cpu(), read_weights(folder / "weights"));
  EXPECT_EQ(network->front_end().harmonic_bands.bands, 48);
  const Features features = clips.features(*clips.of_split(Split::validation)[2]);
  const Prediction prediction = network->predict({&features, 1})[0];
  const Prediction& expected = result.validation.predictions[2];
  for (int key = 0; key < kKeys; ++key)
    EXPECT_NEAR(prediction.key[static_cast<std::size_t>(key)], expected.key[static_cast<std::size_t>(key)], 1e-5);
  EXPECT_NEAR(std::accumulate(prediction.tempo.begin(), prediction.tempo.end(), 0.0), 1, 1e-5);
  EXPECT_EQ(prediction.beat.size(), static_cast<std::size_t>(features.mel.rows()));
  EXPECT_EQ(prediction.embedding.size(), static_cast<std::size_t>(network->embedding_dimension()));
  double squares = 0;
  for (std::size_t i = 0; i < prediction.embedding.size(); ++i) {
    EXPECT_NEAR(prediction.embedding[i], expected.embedding[i], 1e-4);
    squares += static_cast<double>(prediction.embedding[i] * prediction.embedding[i]);
  }
  EXPECT_NEAR(squares, 1, 1e-4);
}

TEST(Training, BranchesTrainedApartGoTogether) {
  const TemporaryDirectory folder;
  TrainingOptions options = quick_options();
  const TrainingClips clips = synthetic_clips(folder / "clips", 24, options.front_end, 5);
  const TrainingResult both = train_clips(Device::cpu(), clips, folder / "both", options, {}, no_progress());
  options.rhythm = false;
  const TrainingResult half = train_clips(Device::cpu(), clips, folder / "apart", options, {}, no_progress());
  EXPECT_TRUE(half.validation.predictions.empty());
  write_weights(folder / "half", half.weights);
  options.rhythm = true;
  options.harmonic = false;
  const TrainingResult rest =
      train_clips(Device::cpu(), clips, folder / "apart", options, folder / "half", no_progress());
  for (const auto& [name, tensor] : both.weights.tensors)
    EXPECT_EQ(tensor.values, rest.weights.tensors.at(name).values) << name;
}

TEST(Training, SaysWhatIsMissing) {
  const TemporaryDirectory folder;
  TrainingOptions options = quick_options();
  const TrainingClips clips = synthetic_clips(folder / "clips", 8, options.front_end, 6);
  const auto train = [&] { train_clips(Device::cpu(), clips, folder / "work", options, {}, no_progress()); };
  const auto message_of = [](const auto& run) -> std::string {
    try {
      run();
    } catch (const Error& error) {
      return error.what();
    }
    return "nothing was thrown";
  };
  EXPECT_EQ(message_of(train), "harmonic: 6 training clips have something to learn, 8 (a batch) expected at least");
  options.label_smoothing = 1;
  EXPECT_EQ(message_of(train), "label smoothing 1; 0 to below 1 expected");
  options = quick_options();
  options.rhythm_schedule.batch = 1;
  EXPECT_EQ(message_of(train), "rhythm: 1 epochs of batches of 1; 1 epoch or more, batches of 2 to 4096 expected");
  TrainingClips none;
  options = quick_options();
  EXPECT_EQ(message_of([&] { train_clips(Device::cpu(), none, folder / "work", options, {}, no_progress()); }),
            "no clip is of split \"validation\": there is nothing to choose and calibrate by");
}

TEST(LearningRate, WarmsUpThenFallsToNothing) {
  EXPECT_NEAR(learning_rate(1, 0, 100), 0.04, 1e-12);
  EXPECT_NEAR(learning_rate(1, 15, 100), 1, 1e-12);
  EXPECT_NEAR(learning_rate(1, 57, 100), 0.5, 0.02);
  EXPECT_LT(learning_rate(1, 99, 100), 1e-3);
}

}  // namespace
}  // namespace segue::audio
