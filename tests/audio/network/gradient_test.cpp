#include <gtest/gtest.h>

#include <cmath>

#include "host/audio/network/branches.hpp"
#include "segue/core/random.hpp"

namespace segue::audio {
namespace {

using Loss = std::function<double(Tape&)>;

std::vector<float> random_values(std::int64_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values)
    value = static_cast<float>(random.normal());
  return values;
}

Tensor random_tensor(LayerOps& ops, Shape shape, std::uint64_t seed) {
  return ops.upload(shape, random_values(shape.size(), seed));
}

Tensor even_targets(LayerOps& ops, Shape shape, std::uint64_t seed) {
  std::vector<float> values = random_values(shape.size(), seed);
  const std::int64_t each = shape.size() / shape.n;
  for (std::int64_t row = 0; row < shape.n; ++row) {
    double sum = 0;
    for (std::int64_t i = row * each; i < (row + 1) * each; ++i)
      sum += std::exp(static_cast<double>(values[static_cast<std::size_t>(i)]));
    for (std::int64_t i = row * each; i < (row + 1) * each; ++i)
      values[static_cast<std::size_t>(i)] =
          static_cast<float>(std::exp(static_cast<double>(values[static_cast<std::size_t>(i)])) / sum);
  }
  return ops.upload(shape, values);
}

// The loss's slope along a random direction of each parameter, against (loss(+h) − loss(−h))/2h, h = 1e-3. A branch is
// float32, so that a loss of size 10 is good to some 1e-6 and the quotient to 1e-3; where a maximum changes hands
// within ±h, the quotient is off by a few per cent. A wrong backward is off by more, in one direction or another.
void expect_gradients_match(LayerOps& ops, Parameters& parameters, std::span<const std::string> names,
                            const Loss& loss) {
  const auto value_at = [&] {
    Tape tape(ops, parameters, 7);
    return loss(tape);
  };
  Tape tape(ops, parameters, 7);
  loss(tape);
  tape.backward();
  double largest = 0;
  for (const std::string& name : names) {
    Parameter& parameter = parameters.at(name);
    ASSERT_TRUE(parameter.gradient) << name;
    const Shape shape = parameter.value.shape;
    const auto size = static_cast<std::size_t>(shape.size());
    std::vector<float> gradient(size, std::nanf("")), before(size);
    ops.download(parameter.gradient, gradient);
    ops.download(parameter.value, before);
    std::vector<float> direction = random_values(shape.size(), 11);
    double norm = 0, slope = 0;
    for (const float value : direction)
      norm += static_cast<double>(value * value);
    for (std::size_t i = 0; i < size; ++i) {
      direction[i] /= static_cast<float>(std::sqrt(norm));
      slope += static_cast<double>(gradient[i] * direction[i]);
    }
    const auto moved = [&](float h) {
      std::vector<float> values = before;
      for (std::size_t i = 0; i < size; ++i)
        values[i] += h * direction[i];
      parameter.value = ops.upload(shape, values);
      const double result = value_at();
      parameter.value = ops.upload(shape, before);
      return result;
    };
    constexpr float kStep = 1e-3f;
    const double measured = (moved(kStep) - moved(-kStep)) / (2 * static_cast<double>(kStep));
    EXPECT_NEAR(slope, measured, 3e-3 + 0.04 * std::abs(measured)) << name;
    largest = std::max(largest, std::abs(slope));
  }
  EXPECT_GT(largest, 0.02);  // else the bounds above would let anything pass
}

TEST(Gradients, HarmonicBranchMatchesFiniteDifferences) {
  const auto ops = make_layer_ops(Device::cpu());
  Parameters parameters(*ops, 3);
  const LogFrequencyOptions bands{48, 24, 65.4};
  const Tensor x = random_tensor(*ops, {3, 1, 48, 6}, 1), targets = even_targets(*ops, {3, 1, 1, kKeys}, 2);
  const Tensor weight = ops->upload({3, 1, 1, 1}, std::vector<float>{0.5f, 0.3f, 0});
  const Loss loss = [&](Tape& tape) {
    return tape.cross_entropy(harmonic_branch(tape, tape.input(x), bands).keys, targets, weight);
  };
  Tape tape(*ops, parameters, 7);
  loss(tape);
  expect_gradients_match(*ops, parameters, parameters.names(), loss);
}

TEST(Gradients, RhythmBranchMatchesFiniteDifferences) {
  const auto ops = make_layer_ops(Device::cpu());
  Parameters parameters(*ops, 3);
  const std::int64_t bands = 21, width = 160;
  const Tensor x = random_tensor(*ops, {3, 2 * bands, 1, width}, 1), flux = random_tensor(*ops, {3, 1, 1, width}, 2);
  const Tensor beats = even_targets(*ops, {3, 2, 1, width}, 3), tempo = even_targets(*ops, {3, 1, 1, kTempoClasses}, 4);
  const Tensor metre = even_targets(*ops, {3, 1, 1, kMetres}, 5);
  const Tensor weight = ops->upload({3, 1, 1, 1}, std::vector<float>{0.5f, 0.3f, 0.2f});
  const std::vector<float> positive = {3, 6};
  const Loss loss = [&](Tape& tape) {
    const RhythmOutputs out = rhythm_branch(tape, tape.input(x), tape.input(flux), 43);
    return tape.binary_cross_entropy(out.beats, beats, positive, weight) +
           tape.cross_entropy(out.tempo, tempo, weight) + tape.cross_entropy(out.metre, metre, weight);
  };
  Tape tape(*ops, parameters, 7);
  loss(tape);
  expect_gradients_match(*ops, parameters, parameters.names(), loss);
}

}  // namespace
}  // namespace segue::audio
