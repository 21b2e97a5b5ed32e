#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "segue/core/error.hpp"
#include "tests/audio/layers/gradients.hpp"

namespace segue::audio {
namespace {

std::vector<double> row_of(const Array& x, std::int64_t n, std::int64_t c) {
  const auto first = x.v.begin() + (n * x.shape.c + c) * x.shape.w;
  return {first, first + x.shape.w};
}

Array statistics(const std::vector<Array>& in) {
  const auto [n, c, h, w] = in[0].shape;
  Array y({n, 3 * c, 1, 1});
  each({n, c, 1, 1}, [&, channels = c](auto i, auto channel, auto, auto) {
    const std::vector<double> row = row_of(in[0], i, channel);
    const double size = static_cast<double>(row.size());
    const double mean = std::accumulate(row.begin(), row.end(), 0.0) / size;
    double variance = 0;
    for (const double value : row)
      variance += (value - mean) * (value - mean) / size;
    y(i, channel, 0, 0) = mean;
    y(i, channels + channel, 0, 0) = std::sqrt(variance + 1e-6);
    y(i, 2 * channels + channel, 0, 0) = std::ranges::max(row);
  });
  return y;
}

Function autocorrelation(std::int64_t lags) {
  return [lags](const std::vector<Array>& in) {
    Array y({in[0].shape.n, in[0].shape.c, 1, lags});
    each({y.shape.n, y.shape.c, 1, 1}, [&](auto n, auto c, auto, auto) {
      std::vector<double> a = row_of(in[0], n, c);
      const std::int64_t w = std::ssize(a);
      const double mean = std::accumulate(a.begin(), a.end(), 0.0) / static_cast<double>(w);
      for (double& value : a)
        value -= mean;
      const double energy = std::inner_product(a.begin(), a.end(), a.begin(), 0.0);
      for (std::int64_t l = 0; l < lags; ++l)
        y(n, c, 0, l) = std::inner_product(a.begin() + l, a.end(), a.begin(), 0.0) / (energy + 1e-6) *
                        static_cast<double>(w) / std::max(static_cast<double>(w - l), static_cast<double>(w) / 4);
    });
    return y;
  };
}

Function sampling(const SamplePositions& positions) {
  return [positions](const std::vector<Array>& in) {
    Array y({in[0].shape.n, in[0].shape.c, 1, std::ssize(positions.at)});
    each(y.shape, [&](auto n, auto c, auto, auto k) {
      const double at = static_cast<double>(positions.at[static_cast<std::size_t>(k)]);
      if (at < 0)
        return;
      const double left = std::floor(at), right_weight = at - left;
      y(n, c, 0, k) = in[0](n, c, 0, static_cast<std::int64_t>(left)) * (1 - right_weight);
      if (right_weight > 0)
        y(n, c, 0, k) += in[0](n, c, 0, static_cast<std::int64_t>(left) + 1) * right_weight;
    });
    return y;
  };
}

/// Inputs: x, logits.
Array attention(const std::vector<Array>& in) {
  Array y({in[0].shape.n, in[0].shape.c, 1, 1});
  each(y.shape, [&](auto n, auto c, auto, auto) {
    double total = 0, weighed = 0;
    for (std::int64_t t = 0; t < in[0].shape.w; ++t) {
      total += std::exp(in[1](n, 0, 0, t));
      weighed += std::exp(in[1](n, 0, 0, t)) * in[0](n, c, 0, t);
    }
    y(n, c, 0, 0) = weighed / total;
  });
  return y;
}

class Rows : public LayerOpsTest, public testing::WithParamInterface<Shape> {};

TEST_P(Rows, Statistics) {
  const Array x = random_array(GetParam(), 1), want = statistics({x}), dy = random_array(want.shape, 2);
  poison(want.shape);
  const Tensor y = ops_->statistics_over_w(upload(x));
  EXPECT_TRUE(near(y, want));
  poison(x.shape);
  EXPECT_TRUE(near(ops_->statistics_over_w_backward(upload(x), y, upload(dy)),
                   numeric_gradients(statistics, {x}, dy)[0], 1e-4));
}

TEST_P(Rows, Autocorrelation) {
  const Array x = random_array(GetParam(), 1);
  for (const std::int64_t lags : {std::int64_t{1}, (x.shape.w + 1) / 2, x.shape.w}) {
    const Function f = autocorrelation(lags);
    const Array want = f({x}), dy = random_array(want.shape, 2);
    poison(want.shape);
    EXPECT_TRUE(near(ops_->autocorrelation(upload(x), lags), want)) << lags << " lags";
    poison(x.shape);
    EXPECT_TRUE(
        near(ops_->autocorrelation_backward(upload(x), upload(dy), lags), numeric_gradients(f, {x}, dy)[0], 1e-4))
        << lags << " lags";
  }
}

TEST_P(Rows, Sample) {
  const Array x = random_array(GetParam(), 1);
  const float last = static_cast<float>(x.shape.w - 1);
  const SamplePositions positions{{0, -1, last, last / 2, last / 3, last * 0.99f, last / 2, -0.5f}};
  const Function f = sampling(positions);
  const Array want = f({x}), dy = random_array(want.shape, 2);
  poison(want.shape);
  EXPECT_TRUE(near(ops_->sample(upload(x), positions), want));
  poison(x.shape);
  EXPECT_TRUE(near(ops_->sample_backward(upload(dy), positions, x.shape.w), numeric_gradients(f, {x}, dy)[0], 1e-4));
}

TEST_P(Rows, Attend) {
  const Array x = random_array(GetParam(), 1), logits = random_array({x.shape.n, 1, 1, x.shape.w}, 2, 2);
  const Array want = attention({x, logits}), dy = random_array(want.shape, 3);
  poison(want.shape);
  EXPECT_TRUE(near(ops_->attend(upload(x), upload(logits)), want));
  poison(x.shape);
  poison(logits.shape);
  const auto got = ops_->attend_backward(upload(x), upload(logits), upload(dy));
  const std::vector<Array> gradients = numeric_gradients(attention, {x, logits}, dy);
  EXPECT_TRUE(near(got.x, gradients[0], 1e-4));
  EXPECT_TRUE(near(got.logits, gradients[1], 1e-4));
}

INSTANTIATE_TEST_SUITE_P(Shapes, Rows,
                         testing::Values(Shape{2, 3, 1, 17}, Shape{1, 1, 1, 1}, Shape{1, 2, 1, 2}, Shape{2, 1, 1, 70},
                                         Shape{3, 2, 1, 64}, Shape{1, 1, 1, 131}));

using Sequences = LayerOpsTest;

TEST_F(Sequences, AutocorrelationOfALongPeriodicRowPeaksAtItsPeriod) {
  Array x({1, 1, 1, 600});
  for (std::size_t t = 0; t < x.v.size(); ++t)
    x.v[t] = t % 25 == 0 ? 1 : 0;
  std::vector<float> y(300);
  ops_->download(ops_->autocorrelation(upload(x), 300), y);
  EXPECT_NEAR(y[0], 1, 1e-4);
  for (const std::size_t period : {25u, 50u, 100u, 275u})
    EXPECT_NEAR(y[period], 1, 0.02) << period;
  EXPECT_LT(y[12], 0.1f);
}

TEST_F(Sequences, AutocorrelationOfAConstantIsNought) {
  EXPECT_TRUE(near(ops_->autocorrelation(upload(Array({1, 2, 1, 40}, 0.5)), 20), Array({1, 2, 1, 20}), 1e-5));
}

TEST_F(Sequences, ErrorsNameWhatIsWrong) {
  const Tensor x = ops_->zeros({1, 2, 1, 6});
  EXPECT_THAT([&] { ops_->autocorrelation(x, 7); },
              testing::ThrowsMessage<Error>("autocorrelation: lags are not in 1–w"));
  EXPECT_THAT([&] { ops_->sample(x, {{5.5f}}); },
              testing::ThrowsMessage<Error>("sample: a position lies beyond the last value"));
  EXPECT_THAT(
      [&] {
        ops_->statistics_over_w(ops_->zeros({1, 2, 3, 6}));
      },
      testing::ThrowsMessage<Error>("statistics_over_w: x is [1, 2, 3, 6], expected [1, 2, 1, 6]"));
  EXPECT_THAT([&] { ops_->attend(x, x); },
              testing::ThrowsMessage<Error>("attend: logits is [1, 2, 1, 6], expected [1, 1, 1, 6]"));
}

}  // namespace
}  // namespace segue::audio
