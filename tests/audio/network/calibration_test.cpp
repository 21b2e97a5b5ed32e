#include "host/audio/network/calibration.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "host/audio/network/listener.hpp"
#include "segue/core/random.hpp"

namespace segue::audio {
namespace {

struct Answers {
  std::vector<std::vector<float>> log_probabilities;
  std::vector<Judged> judged;
};

// Labels drawn from softmax(z), answers that say softmax(sharpness·z): the right temperature is `sharpness`.
Answers sharpened(double sharpness, int count) {
  Answers answers;
  Random random(4);
  for (int i = 0; i < count; ++i) {
    std::vector<float> z(10);
    for (float& value : z)
      value = static_cast<float>(random.normal());
    std::vector<float> said = z;
    log_softmax(z);
    double draw = random.uniform();
    std::int64_t label = 0;
    while (label < 9 && (draw -= std::exp(static_cast<double>(z[static_cast<std::size_t>(label)]))) > 0)
      ++label;
    for (float& value : said)
      value *= static_cast<float>(sharpness);
    log_softmax(said);
    answers.log_probabilities.push_back(said);
    answers.judged.push_back({{}, label, label + 1});
  }
  for (std::size_t i = 0; i < answers.judged.size(); ++i)
    answers.judged[i].log_probabilities = answers.log_probabilities[i];
  return answers;
}

TEST(Calibration, FindsTheTemperatureThatTheAnswersWereSharpenedBy) {
  for (const double sharpness : {0.5, 1.0, 3.0}) {
    const Answers answers = sharpened(sharpness, 4000);
    const double temperature = fit_temperature(answers.judged);
    EXPECT_NEAR(temperature / sharpness, 1, 0.1);
    if (sharpness != 1.0) {
      EXPECT_LT(negative_log_likelihood(answers.judged, temperature),
                negative_log_likelihood(answers.judged, 1) - 0.01);
    }
  }
}

TEST(Calibration, NothingToGoByLeavesEverythingAsItIs) {
  EXPECT_EQ(fit_temperature({}), 1);
}

TEST(Calibration, LikelihoodIsOfAllRightClasses) {
  const std::vector<float> log_probabilities = {std::log(0.1f), std::log(0.2f), std::log(0.3f), std::log(0.4f)};
  const Judged answer{log_probabilities, 1, 3};
  EXPECT_NEAR(negative_log_likelihood({&answer, 1}, 1), -std::log(0.5), 1e-6);
  EXPECT_NEAR(negative_log_likelihood({&answer, 1}, 0.5), -std::log((0.04 + 0.09) / 0.3), 1e-6);  // squares
}

TEST(LogSoftmax, AddsUpToOneAndDoesNotOverflow) {
  std::vector<float> logits = {1000, 999, -1000};
  log_softmax(logits);
  EXPECT_NEAR(logits[0], -std::log1p(std::exp(-1.0)), 1e-4);
  EXPECT_NEAR(logits[1], logits[0] - 1, 1e-4);
}

}  // namespace
}  // namespace segue::audio
