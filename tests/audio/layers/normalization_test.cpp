#include <algorithm>
#include <cmath>

#include "tests/audio/layers/gradients.hpp"

namespace segue::audio {
namespace {

struct Moments {
  Array mean, variance;  ///< the variance is biased
};

Moments moments_of(const Array& x) {
  const double count = static_cast<double>(x.shape.n * x.shape.h * x.shape.w);
  Moments m{Array({1, x.shape.c, 1, 1}), Array({1, x.shape.c, 1, 1})};
  each(x.shape, [&](auto n, auto c, auto h, auto w) { m.mean(0, c, 0, 0) += x(n, c, h, w) / count; });
  each(x.shape, [&](auto n, auto c, auto h, auto w) {
    m.variance(0, c, 0, 0) += std::pow(x(n, c, h, w) - m.mean(0, c, 0, 0), 2) / count;
  });
  return m;
}

/// Inputs: x, scale, shift.
Array batch_norm(const std::vector<Array>& in) {
  const Moments m = moments_of(in[0]);
  Array y(in[0].shape);
  each(y.shape, [&](auto n, auto c, auto h, auto w) {
    y(n, c, h, w) =
        (in[0](n, c, h, w) - m.mean(0, c, 0, 0)) / std::sqrt(m.variance(0, c, 0, 0) + 1e-5) * in[1](0, c, 0, 0) +
        in[2](0, c, 0, 0);
  });
  return y;
}

class BatchNorm : public LayerOpsTest, public testing::WithParamInterface<Shape> {};

TEST_P(BatchNorm, ForwardAndRunningMoments) {
  Array x = random_array(GetParam(), 1);
  each(x.shape, [&](auto n, auto c, auto h, auto w) { x(n, c, h, w) += 5.0 * static_cast<double>(c + 1); });
  const Shape channels{1, x.shape.c, 1, 1};
  const Array scale = random_array(channels, 2), shift = random_array(channels, 3);
  const Array mean = random_array(channels, 4), variance = random_array(channels, 5);
  Tensor running_mean = upload(mean), running_variance = upload(variance);
  BatchNormState state;
  poison(x.shape);
  poison(channels);
  const Tensor y =
      ops_->batch_norm(upload(x), upload(scale), upload(shift), running_mean, running_variance, 0.1f, state);

  const Moments m = moments_of(x);
  const double count = static_cast<double>(x.shape.n * x.shape.h * x.shape.w);
  Array want_mean(channels), want_variance(channels), inverse(channels);
  for (std::size_t c = 0; c < m.mean.v.size(); ++c) {
    want_mean.v[c] = 0.9 * mean.v[c] + 0.1 * m.mean.v[c];
    want_variance.v[c] = 0.9 * variance.v[c] + 0.1 * m.variance.v[c] * count / (count - 1);
    inverse.v[c] = 1 / std::sqrt(m.variance.v[c] + 1e-5);
  }
  EXPECT_TRUE(near(y, batch_norm({x, scale, shift}), 1e-4));
  EXPECT_TRUE(near(state.mean, m.mean));
  EXPECT_TRUE(near(state.inverse_deviation, inverse));
  EXPECT_TRUE(near(running_mean, want_mean));
  EXPECT_TRUE(near(running_variance, want_variance));
}

TEST_P(BatchNorm, BackwardMatchesFiniteDifferences) {
  const Array x = random_array(GetParam(), 1), dy = random_array(GetParam(), 6);
  const Shape channels{1, x.shape.c, 1, 1};
  const Array scale = random_array(channels, 2), shift = random_array(channels, 3);
  Tensor running_mean = upload(shift), running_variance = upload(shift);
  BatchNormState state;
  ops_->batch_norm(upload(x), upload(scale), upload(shift), running_mean, running_variance, 0.1f, state);
  poison(x.shape);
  poison(channels);
  const BatchNormGradients got = ops_->batch_norm_backward(upload(x), upload(scale), state, upload(dy));
  const std::vector<Array> want = numeric_gradients(batch_norm, {x, scale, shift}, dy);
  EXPECT_TRUE(near(got.input, want[0], 1e-4));
  EXPECT_TRUE(near(got.scale, want[1], 1e-4));
  EXPECT_TRUE(near(got.shift, want[2], 1e-4));
}

INSTANTIATE_TEST_SUITE_P(Shapes, BatchNorm,
                         testing::Values(Shape{2, 3, 2, 5}, Shape{1, 2, 1, 19}, Shape{7, 4, 1, 1}, Shape{3, 1, 5, 17},
                                         Shape{2, 17, 1, 3}));

struct PooledCase {
  Shape x;
  int factor;
};

class BatchNormEluPool : public LayerOpsTest, public testing::WithParamInterface<PooledCase> {};

TEST_P(BatchNormEluPool, ForwardAndBackward) {
  const auto [shape, factor] = GetParam();
  const Function f = [factor = factor](const std::vector<Array>& in) {
    const Array z = batch_norm(in);
    Array y({z.shape.n, z.shape.c, z.shape.h / factor, z.shape.w}, -1);
    each({z.shape.n, z.shape.c, y.shape.h * factor, z.shape.w}, [&](auto n, auto c, auto h, auto w) {
      const double value = z(n, c, h, w);
      y(n, c, h / factor, w) = std::max(y(n, c, h / factor, w), value > 0 ? value : std::expm1(value));
    });
    return y;
  };
  const Shape channels{1, shape.c, 1, 1};
  const Array x = random_array(shape, 1), scale = random_array(channels, 2), shift = random_array(channels, 3);
  const Array want = f({x, scale, shift}), dy = random_array(want.shape, 4);
  Tensor mean = upload(shift), variance = upload(shift), mean_alone = upload(shift), variance_alone = upload(shift);
  BatchNormState state, state_alone;
  poison(want.shape);
  const Tensor y =
      ops_->batch_norm_elu_pool(upload(x), upload(scale), upload(shift), mean, variance, 0.1f, factor, state);
  EXPECT_TRUE(near(y, want, 1e-4));
  ops_->batch_norm(upload(x), upload(scale), upload(shift), mean_alone, variance_alone, 0.1f, state_alone);
  EXPECT_TRUE(near(mean, download(mean_alone), 1e-6));
  EXPECT_TRUE(near(variance, download(variance_alone), 1e-6));
  EXPECT_TRUE(near(state.mean, download(state_alone.mean), 1e-6));

  poison(x.shape);
  poison(channels);
  const BatchNormGradients got =
      ops_->batch_norm_elu_pool_backward(upload(x), y, upload(scale), upload(shift), state, upload(dy), factor);
  const std::vector<Array> gradients = numeric_gradients(f, {x, scale, shift}, dy);
  EXPECT_TRUE(near(got.input, gradients[0], 1e-4));
  EXPECT_TRUE(near(got.scale, gradients[1], 1e-4));
  EXPECT_TRUE(near(got.shift, gradients[2], 1e-4));
}

INSTANTIATE_TEST_SUITE_P(Shapes, BatchNormEluPool,
                         testing::Values(PooledCase{{2, 4, 6, 5}, 3}, PooledCase{{1, 3, 7, 17}, 3},
                                         PooledCase{{2, 3, 2, 19}, 1}, PooledCase{{3, 2, 5, 1}, 2},
                                         PooledCase{{1, 5, 4, 33}, 4}));

using Normalization = LayerOpsTest;

// Where a plain Σx² − (Σx)²/n has no digit left.
TEST_F(Normalization, BatchNormOfALargeMean) {
  Array x = random_array({3, 2, 4, 37}, 1);
  for (double& value : x.v)
    value = static_cast<double>(static_cast<float>(value + 3000));
  const Array ones({1, 2, 1, 1}, 1), nulls({1, 2, 1, 1});
  Tensor mean = upload(nulls), variance = upload(ones);
  BatchNormState state;
  const Tensor y = ops_->batch_norm(upload(x), upload(ones), upload(nulls), mean, variance, 0.1f, state);
  EXPECT_TRUE(near(y, batch_norm({x, ones, nulls}), 3e-4));  // 3000 is rounded to 2.4e-4
}

TEST_F(Normalization, BatchNormOfAConstantIsItsShift) {
  const Array x({2, 2, 1, 9}, 0.3), shift = random_array({1, 2, 1, 1}, 3);
  Tensor mean = upload(shift), variance = upload(shift);
  BatchNormState state;
  Array want(x.shape);
  each(x.shape, [&](auto n, auto c, auto h, auto w) { want(n, c, h, w) = shift(0, c, 0, 0); });
  EXPECT_TRUE(
      near(ops_->batch_norm(upload(x), upload(Array({1, 2, 1, 1}, 1)), upload(shift), mean, variance, 0.1f, state),
           want, 1e-4));
}

TEST_F(Normalization, ScaleShift) {
  const Array x = random_array({2, 3, 4, 21}, 1), scale = random_array({1, 3, 1, 1}, 2),
              shift = random_array({1, 3, 1, 1}, 3);
  Array want(x.shape);
  each(x.shape, [&](auto n, auto c, auto h, auto w) {
    want(n, c, h, w) = x(n, c, h, w) * scale(0, c, 0, 0) + shift(0, c, 0, 0);
  });
  poison(x.shape);
  EXPECT_TRUE(near(ops_->scale_shift(upload(x), upload(scale), upload(shift)), want));
}

}  // namespace
}  // namespace segue::audio
