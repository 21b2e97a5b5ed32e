#include "host/audio/network/prediction.hpp"

#include <algorithm>
#include <cmath>

#include "host/audio/network/calibration.hpp"

namespace segue::audio {
namespace {

void to_probabilities(std::span<const float> log_probabilities, double temperature, std::span<float> out) {
  const std::vector<float> scaled = tempered(log_probabilities, temperature);
  std::ranges::transform(scaled, out.begin(), [](float value) { return std::exp(value); });
}

}  // namespace

Prediction prediction_of(Heard&& heard, const Temperatures& temperatures, const Embedding& embedding) {
  Prediction prediction;
  to_probabilities(heard.key, temperatures.key, prediction.key);
  to_probabilities(heard.tempo, temperatures.tempo, prediction.tempo);
  to_probabilities(heard.metre, temperatures.metre, prediction.metre);
  prediction.key_by_window = Matrix<float>(heard.key_by_window.rows(), kKeys);
  for (std::int64_t row = 0; row < heard.key_by_window.rows(); ++row)
    to_probabilities(heard.key_by_window.row(row), temperatures.key, prediction.key_by_window.row(row));
  prediction.embedding = embedding.of(heard);
  prediction.beat = std::move(heard.beat);
  prediction.downbeat = std::move(heard.downbeat);
  return prediction;
}

}  // namespace segue::audio
