#include <gmock/gmock.h>

#include <cmath>

#include "segue/core/error.hpp"
#include "tests/audio/layers/gradients.hpp"

namespace segue::audio {
namespace {

double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}

/// Rows that add up to 1.
Array random_targets(const Shape& shape, std::uint64_t seed) {
  Array targets = random_array(shape, seed);
  const std::size_t classes = targets.v.size() / static_cast<std::size_t>(shape.n);
  for (std::size_t row = 0; row < targets.v.size(); row += classes) {
    double total = 0;
    for (std::size_t k = row; k < row + classes; ++k)
      total += targets.v[k] = std::exp(2 * targets.v[k]);
    for (std::size_t k = row; k < row + classes; ++k)
      targets.v[k] /= total;
  }
  return targets;
}

Function cross_entropy(const Array& targets, const Array& weights) {
  return [&](const std::vector<Array>& in) {
    Array loss({1, 1, 1, 1});
    const std::size_t classes = targets.v.size() / weights.v.size();
    for (std::size_t n = 0; n < weights.v.size(); ++n) {
      double total = 0;
      for (std::size_t k = n * classes; k < (n + 1) * classes; ++k)
        total += std::exp(in[0].v[k]);
      for (std::size_t k = n * classes; k < (n + 1) * classes; ++k)
        loss.v[0] -= weights.v[n] * targets.v[k] * (in[0].v[k] - std::log(total));
    }
    return loss;
  };
}

Function binary_cross_entropy(const Array& targets, const std::vector<float>& positive, const Array& weights) {
  return [&](const std::vector<Array>& in) {
    Array loss({1, 1, 1, 1});
    const double size = static_cast<double>(targets.shape.size() / targets.shape.n);
    each(targets.shape, [&](auto n, auto c, auto h, auto w) {
      const double s = sigmoid(in[0](n, c, h, w)), t = targets(n, c, h, w);
      loss.v[0] -=
          weights(n, 0, 0, 0) / size *
          (static_cast<double>(positive[static_cast<std::size_t>(c)]) * t * std::log(s) + (1 - t) * std::log(1 - s));
    });
    return loss;
  };
}

class Losses : public LayerOpsTest, public testing::WithParamInterface<Shape> {};

TEST_P(Losses, CrossEntropy) {
  const Array logits = random_array(GetParam(), 1, 2), targets = random_targets(GetParam(), 2);
  Array weights = random_array({logits.shape.n, 1, 1, 1}, 3);
  weights.v[0] = 0;  // a row that is left out
  const Function f = cross_entropy(targets, weights);
  poison(logits.shape);
  Tensor gradient;
  const double loss = ops_->cross_entropy(upload(logits), upload(targets), upload(weights), gradient);
  EXPECT_NEAR(loss, f({logits}).v[0], 1e-5);
  EXPECT_TRUE(near(gradient, numeric_gradients(f, {logits}, Array({1, 1, 1, 1}, 1))[0], 1e-4));
}

TEST_P(Losses, BinaryCrossEntropy) {
  const Array logits = random_array(GetParam(), 1, 2), weights = random_array({logits.shape.n, 1, 1, 1}, 3);
  Array targets = random_array(GetParam(), 2);
  for (double& value : targets.v)
    value = static_cast<double>(static_cast<float>(sigmoid(3 * value)));
  std::vector<float> positive;
  for (std::int64_t c = 0; c < logits.shape.c; ++c)
    positive.push_back(1.0f + static_cast<float>(c));
  const Function f = binary_cross_entropy(targets, positive, weights);
  poison(logits.shape);
  Tensor gradient;
  const double loss = ops_->binary_cross_entropy(upload(logits), upload(targets), positive, upload(weights), gradient);
  EXPECT_NEAR(loss, f({logits}).v[0], 1e-5);
  EXPECT_TRUE(near(gradient, numeric_gradients(f, {logits}, Array({1, 1, 1, 1}, 1))[0], 1e-4));
}

INSTANTIATE_TEST_SUITE_P(Shapes, Losses,
                         testing::Values(Shape{3, 1, 1, 24}, Shape{2, 2, 1, 33}, Shape{1, 1, 1, 1}, Shape{4, 3, 2, 5},
                                         Shape{2, 1, 1, 226}));

using LossExtremes = LayerOpsTest;

TEST_F(LossExtremes, LargeLogitsStayFinite) {
  Tensor gradient;
  const Tensor logits = ops_->upload({1, 1, 1, 3}, std::vector<float>{1000, -1000, 0});
  const Tensor one = ops_->upload({1, 1, 1, 1}, std::vector<float>{1});
  const Tensor worst = ops_->upload({1, 1, 1, 3}, std::vector<float>{0, 1, 0});
  EXPECT_NEAR(ops_->cross_entropy(logits, worst, one, gradient), 2000, 1e-3);
  std::vector<float> values(3);
  ops_->download(gradient, values);
  EXPECT_THAT(values, testing::ElementsAre(1, -1, 0));
  EXPECT_NEAR(ops_->binary_cross_entropy(logits, worst, std::vector<float>{1}, one, gradient), (2000 + std::log(2)) / 3,
              1e-3);
}

TEST_F(LossExtremes, ErrorsNameWhatIsWrong) {
  Tensor gradient;
  const Tensor x = ops_->zeros({2, 3, 1, 4}), rows = ops_->zeros({2, 1, 1, 1});
  EXPECT_THAT([&] { ops_->cross_entropy(x, rows, rows, gradient); },
              testing::ThrowsMessage<Error>("cross_entropy: targets is [2, 1, 1, 1], expected [2, 3, 1, 4]"));
  EXPECT_THAT([&] { ops_->cross_entropy(x, x, x, gradient); },
              testing::ThrowsMessage<Error>("cross_entropy: row weight is [2, 3, 1, 4], expected [2, 1, 1, 1]"));
  EXPECT_THAT([&] { ops_->binary_cross_entropy(x, x, std::vector<float>(2), rows, gradient); },
              testing::ThrowsMessage<Error>("binary_cross_entropy: positive_weight is not one a channel"));
}

}  // namespace
}  // namespace segue::audio
