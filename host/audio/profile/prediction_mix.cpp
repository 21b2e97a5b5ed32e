#include "host/audio/profile/prediction_mix.hpp"

#include <algorithm>
#include <cmath>
#include <span>

namespace segue::audio {
namespace {

constexpr double kLeastProbability = 1e-12;  // float32 softmax goes to 0; a single piece must not rule out a class

void add_logarithms(std::span<const float> probabilities, double weight, std::vector<double>& sum) {
  sum.resize(probabilities.size());
  for (std::size_t i = 0; i < sum.size(); ++i)
    sum[i] += weight * std::log(std::max<double>(probabilities[i], kLeastProbability));
}

/// exp(sum / weight), scaled to add up to 1.
void to_probabilities(const std::vector<double>& sum, double weight, std::span<float> probabilities) {
  const double largest = *std::ranges::max_element(sum);
  double total = 0;
  for (const double value : sum)
    total += std::exp((value - largest) / weight);
  for (std::size_t i = 0; i < sum.size(); ++i)
    probabilities[i] = static_cast<float>(std::exp((sum[i] - largest) / weight) / total);
}

void append(const std::vector<float>& values, std::vector<float>& to) {
  to.insert(to.end(), values.begin(), values.end());
}

}  // namespace

void PredictionMix::add(Prediction prediction, double weight) {
  add_logarithms(prediction.key, weight, key_);
  add_logarithms(prediction.tempo, weight, tempo_);
  add_logarithms(prediction.metre, weight, metre_);
  embedding_.resize(prediction.embedding.size());
  for (std::size_t i = 0; i < embedding_.size(); ++i)
    embedding_[i] += weight * prediction.embedding[i];
  const Matrix<float>& windows = prediction.key_by_window;
  key_by_window_.insert(key_by_window_.end(), windows.data(), windows.data() + windows.rows() * windows.columns());
  weight_ += weight;
  if (++pieces_ == 1) {
    first_ = std::move(prediction);
    return;
  }
  append(prediction.beat, first_.beat);
  append(prediction.downbeat, first_.downbeat);
}

Prediction PredictionMix::finish() {
  if (pieces_ < 2)
    return std::move(first_);
  to_probabilities(key_, weight_, first_.key);
  to_probabilities(tempo_, weight_, first_.tempo);
  to_probabilities(metre_, weight_, first_.metre);
  double norm = 0;
  for (const double value : embedding_)
    norm += value * value;
  for (std::size_t i = 0; i < embedding_.size(); ++i)
    first_.embedding[i] = norm > 0 ? static_cast<float>(embedding_[i] / std::sqrt(norm)) : 0;
  first_.key_by_window = Matrix<float>(static_cast<std::int64_t>(key_by_window_.size()) / kKeys, kKeys);
  std::ranges::copy(key_by_window_, first_.key_by_window.data());
  return std::move(first_);
}

}  // namespace segue::audio
