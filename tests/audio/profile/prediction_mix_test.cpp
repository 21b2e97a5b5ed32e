#include "host/audio/profile/prediction_mix.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace segue::audio {
namespace {

using testing::ElementsAre;
using testing::FloatNear;

/// Metre probabilities (p, 1 − p, 0, 0, 0), an embedding, and two beats.
Prediction piece(float p, std::vector<float> embedding, float mark) {
  Prediction prediction;
  prediction.key.fill(1.0f / kKeys);
  prediction.tempo.fill(1.0f / kTempoClasses);
  prediction.metre = {p, 1 - p, 0, 0, 0};
  prediction.embedding = std::move(embedding);
  prediction.beat = {mark, mark + 0.1f};
  prediction.downbeat = {mark};
  prediction.key_by_window = Matrix<float>(1, kKeys, mark);
  return prediction;
}

TEST(PredictionMix, OnePieceIsLeftAlone) {
  PredictionMix mix;
  EXPECT_TRUE(mix.empty());
  mix.add(piece(0.123f, {0.6f, 0.8f}, 0.5f), 100);
  EXPECT_FALSE(mix.empty());
  const Prediction whole = mix.finish();
  EXPECT_EQ(whole.metre[0], 0.123f);
  EXPECT_THAT(whole.embedding, ElementsAre(0.6f, 0.8f));
  EXPECT_THAT(whole.beat, ElementsAre(0.5f, 0.6f));
}

TEST(PredictionMix, MeanOfLogarithmsByWeight) {
  PredictionMix mix;
  mix.add(piece(0.9f, {1, 0}, 0.1f), 300);
  mix.add(piece(0.2f, {0, 1}, 0.3f), 100);
  const Prediction whole = mix.finish();
  const double yes = std::pow(0.9, 0.75) * std::pow(0.2, 0.25), no = std::pow(0.1, 0.75) * std::pow(0.8, 0.25);
  EXPECT_NEAR(whole.metre[0], yes / (yes + no), 1e-6);
  EXPECT_NEAR(std::accumulate(whole.metre.begin(), whole.metre.end(), 0.0), 1, 1e-6);
  EXPECT_NEAR(whole.key[7], 1.0 / kKeys, 1e-7);
  EXPECT_THAT(whole.embedding,
              ElementsAre(FloatNear(3 / std::sqrt(10.0f), 1e-6f), FloatNear(1 / std::sqrt(10.0f), 1e-6f)));
}

TEST(PredictionMix, MomentsFollowEachOther) {
  PredictionMix mix;
  for (const float mark : {0.1f, 0.3f, 0.5f})
    mix.add(piece(0.5f, {1}, mark), 1);
  const Prediction whole = mix.finish();
  EXPECT_THAT(whole.beat, ElementsAre(0.1f, 0.2f, 0.3f, 0.4f, 0.5f, 0.6f));
  EXPECT_THAT(whole.downbeat, ElementsAre(0.1f, 0.3f, 0.5f));
  ASSERT_EQ(whole.key_by_window.rows(), 3);
  EXPECT_EQ(whole.key_by_window(2, 23), 0.5f);
}

TEST(PredictionMix, ImpossibleInOnePieceIsNotImpossible) {
  PredictionMix mix;
  mix.add(piece(1, {1, 0}, 0), 1);
  mix.add(piece(0.4f, {-1, 0}, 0), 1);
  const Prediction whole = mix.finish();
  EXPECT_GT(whole.metre[1], 0);
  EXPECT_THAT(whole.embedding, ElementsAre(0, 0));  // opposites have no direction
}

}  // namespace
}  // namespace segue::audio
