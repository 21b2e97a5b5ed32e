#include "host/audio/network/branch_lessons.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "host/audio/network/stream_of.hpp"
#include "segue/core/random.hpp"

namespace segue::audio {

WeightTensor zeros_on_host(Shape shape) {
  return {shape, std::vector<float>(static_cast<std::size_t>(shape.size()))};
}

std::span<float> row_of(WeightTensor& tensor, std::int64_t row) {
  const auto each = static_cast<std::size_t>(tensor.shape.size() / tensor.shape.n);
  return std::span(tensor.values).subspan(static_cast<std::size_t>(row) * each, each);
}

Tensor upload(LayerOps& ops, const WeightTensor& tensor) {
  return ops.upload(tensor.shape, tensor.values);
}

std::uint64_t derived_seed(std::uint64_t seed, const std::string& purpose, std::int64_t epoch) {
  return Random(seed, stream_of(purpose) + static_cast<std::uint64_t>(epoch))();
}

std::vector<std::int64_t> shuffled(std::int64_t count, std::uint64_t seed) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  Random random(seed);
  for (std::size_t i = order.size(); i > 1; --i)  // Fisher & Yates
    std::swap(order[i - 1], order[random.below(static_cast<std::uint32_t>(i))]);
  return order;
}

std::vector<Judged> judge_keys(std::span<const Labels> labels, std::span<const Heard> heard,
                               const TrainingOptions& options) {
  std::vector<Judged> answers;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const Labels& clip = labels[i];
    if (clip.key < 0 || clip.mode < 0 || std::ranges::count(options.distrusted_keys, clip.source) > 0)
      continue;
    const std::int64_t right = clip.key + (clip.mode == 1 ? 0 : kKeys / 2);
    answers.push_back({heard[i].key, right, right + 1});
  }
  return answers;
}

std::vector<Judged> judge_tempi(std::span<const Labels> labels, std::span<const Heard> heard) {
  constexpr double kTolerance = 0.04;  // of accuracy 1
  std::vector<Judged> answers;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const double tempo = labels[i].tempo;
    if (!(tempo > 0) || labels[i].metre == Metre::seven_eight)
      continue;
    const auto class_of = [](double bpm) { return std::log(bpm / kTempoLow) / kTempoStep; };
    const auto begin = static_cast<std::int64_t>(std::ceil(class_of(tempo * (1 - kTolerance))));
    const auto end = static_cast<std::int64_t>(std::floor(class_of(tempo * (1 + kTolerance)))) + 1;
    if (begin >= 0 && end <= kTempoClasses)
      answers.push_back({heard[i].tempo, begin, end});
  }
  return answers;
}

std::vector<Judged> judge_metres(std::span<const Labels> labels, std::span<const Heard> heard) {
  std::vector<Judged> answers;
  for (std::size_t i = 0; i < labels.size(); ++i)
    if (const std::optional<Metre> metre = labels[i].metre)
      answers.push_back({heard[i].metre, static_cast<std::int64_t>(*metre), static_cast<std::int64_t>(*metre) + 1});
  return answers;
}

}  // namespace segue::audio
