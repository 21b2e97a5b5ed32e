#include "host/audio/network/calibration.hpp"

#include <cmath>

#include "host/audio/network/listener.hpp"

namespace segue::audio {

std::vector<float> tempered(std::span<const float> log_probabilities, double temperature) {
  std::vector<float> result;
  for (const float value : log_probabilities)
    result.push_back(static_cast<float>(value / temperature));
  log_softmax(result);
  return result;
}

double negative_log_likelihood(std::span<const Judged> answers, double temperature) {
  double sum = 0;
  for (const Judged& answer : answers) {
    const std::vector<float> scaled = tempered(answer.log_probabilities, temperature);
    double right = 0;
    for (std::int64_t i = answer.right_begin; i < answer.right_end; ++i)
      right += std::exp(static_cast<double>(scaled[static_cast<std::size_t>(i)]));
    sum -= std::log(std::max(right, 1e-30));
  }
  return answers.empty() ? 0 : sum / static_cast<double>(answers.size());
}

// Golden section over log T: the likelihood of one right class is concave in 1/T, so that there is one minimum.
double fit_temperature(std::span<const Judged> answers) {
  if (answers.empty())
    return 1;
  constexpr double kRatio = 0.6180339887498949;
  double low = -std::log(8.0), high = std::log(8.0);
  const auto loss = [&](double log_temperature) { return negative_log_likelihood(answers, std::exp(log_temperature)); };
  double left = high - kRatio * (high - low), right = low + kRatio * (high - low);
  double left_loss = loss(left), right_loss = loss(right);
  while (high - low > 1e-3) {
    if (left_loss < right_loss) {
      high = right, right = left, right_loss = left_loss;
      left = high - kRatio * (high - low);
      left_loss = loss(left);
    } else {
      low = left, left = right, left_loss = right_loss;
      right = low + kRatio * (high - low);
      right_loss = loss(right);
    }
  }
  return std::exp((low + high) / 2);
}

}  // namespace segue::audio
