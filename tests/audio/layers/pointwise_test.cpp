#include <gmock/gmock.h>

#include <cmath>

#include "segue/audio/dropout_hash.hpp"
#include "segue/core/error.hpp"
#include "tests/audio/layers/gradients.hpp"

namespace segue::audio {
namespace {

template <class F>
Array map(const Array& x, F f) {
  Array y(x.shape);
  std::transform(x.v.begin(), x.v.end(), y.v.begin(), f);
  return y;
}

double elu(double x) {
  return x > 0 ? x : std::expm1(x);
}
double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}

class Pointwise : public LayerOpsTest, public testing::WithParamInterface<Shape> {};

TEST_P(Pointwise, Elu) {
  const Array x = random_array(GetParam(), 1, 3), dy = random_array(GetParam(), 2);
  poison(x.shape);
  const Tensor y = ops_->elu(upload(x));
  EXPECT_TRUE(near(y, map(x, elu), 1e-6));
  const Function f = [](const std::vector<Array>& in) { return map(in[0], elu); };
  if (x.shape.size() < 1000) {
    poison(x.shape);
    EXPECT_TRUE(near(ops_->elu_backward(y, upload(dy)), numeric_gradients(f, {x}, dy)[0], 1e-4));
  }
}

TEST_P(Pointwise, Sigmoid) {
  const Array x = random_array(GetParam(), 1, 3), dy = random_array(GetParam(), 2);
  poison(x.shape);
  const Tensor y = ops_->sigmoid(upload(x));
  EXPECT_TRUE(near(y, map(x, sigmoid), 1e-6));
  const Function f = [](const std::vector<Array>& in) { return map(in[0], sigmoid); };
  if (x.shape.size() < 1000) {
    poison(x.shape);
    EXPECT_TRUE(near(ops_->sigmoid_backward(y, upload(dy)), numeric_gradients(f, {x}, dy)[0], 1e-4));
  }
}

TEST_P(Pointwise, AddOfTheSameBatch) {
  const Array a = random_array(GetParam(), 1), b = random_array(GetParam(), 2);
  Array want(a.shape);
  std::ranges::transform(a.v, b.v, want.v.begin(), std::plus<>());
  poison(a.shape);
  EXPECT_TRUE(near(ops_->add(upload(a), upload(b)), want, 1e-6));
  Tensor sum = upload(a);
  ops_->accumulate(sum, upload(b));
  EXPECT_TRUE(near(sum, want, 1e-6));
}

TEST_P(Pointwise, AddToEachOfABatch) {
  const Array a = random_array(GetParam(), 1), b = random_array({1, a.shape.c, a.shape.h, a.shape.w}, 2);
  Array want(a.shape), summed(b.shape);
  each(a.shape, [&](auto n, auto c, auto h, auto w) {
    want(n, c, h, w) = a(n, c, h, w) + b(0, c, h, w);
    summed(0, c, h, w) += a(n, c, h, w);
  });
  poison(a.shape);
  EXPECT_TRUE(near(ops_->add(upload(a), upload(b)), want, 1e-6));
  poison(b.shape);
  EXPECT_TRUE(near(ops_->sum_over_batch(upload(a)), summed, 1e-6));
}

TEST_P(Pointwise, SquaredNorm) {
  const Array x = random_array(GetParam(), 1);
  double want = 0;
  for (const double value : x.v)
    want += value * value;
  EXPECT_NEAR(ops_->squared_norm(upload(x)), want, 1e-6 * want);
}

INSTANTIATE_TEST_SUITE_P(Shapes, Pointwise,
                         testing::Values(Shape{1, 1, 1, 1}, Shape{3, 2, 5, 7}, Shape{2, 3, 1, 16}, Shape{1, 1, 1, 129},
                                         Shape{2, 5, 40, 101}));

using PointwiseExtremes = LayerOpsTest;

TEST_F(PointwiseExtremes, NeitherOverflows) {
  const std::vector<float> x{-1e4f, -100, -88, 88, 100, 1e4f, 0, -0.0f};
  const std::vector<float> want_elu{-1, -1, -1, 88, 100, 1e4f, 0, 0}, want_sigmoid{0, 0, 0, 1, 1, 1, 0.5, 0.5};
  const Shape shape{1, 1, 1, 8};
  std::vector<float> got(x.size());
  ops_->download(ops_->elu(ops_->upload(shape, x)), got);
  EXPECT_THAT(got, testing::Pointwise(testing::FloatNear(1e-6f), want_elu));
  ops_->download(ops_->sigmoid(ops_->upload(shape, x)), got);
  EXPECT_THAT(got, testing::Pointwise(testing::FloatNear(1e-6f), want_sigmoid));
}

using Dropout = LayerOpsTest;

TEST_F(Dropout, KeepsItsShareAndScalesIt) {
  const Shape shape{4, 8, 20, 61};
  std::vector<float> y(static_cast<std::size_t>(shape.size()));
  ops_->download(ops_->dropout(upload(Array(shape, 1)), 0.3f, false, 17), y);
  const auto kept = std::ranges::count(y, 1 / (1 - 0.3f));
  const auto lost = std::ranges::count(y, 0.0f);
  const double size = static_cast<double>(y.size());
  EXPECT_EQ(kept + lost, std::ssize(y));
  EXPECT_NEAR(static_cast<double>(lost), 0.3 * size, 5 * std::sqrt(size * 0.3 * 0.7));
}

TEST_F(Dropout, NeighboursAreIndependent) {
  const std::int64_t size = 40'000;
  std::vector<float> y(static_cast<std::size_t>(size));
  ops_->download(ops_->dropout(upload(Array({1, 1, 1, size}, 1)), 0.5f, false, 3), y);
  for (const std::size_t lag : {1u, 2u, 7u, 64u, 512u}) {
    double together = 0;
    for (std::size_t i = lag; i < y.size(); ++i)
      together += static_cast<double>((y[i] - 1) * (y[i - lag] - 1));  // values are 0 and 2
    EXPECT_NEAR(together, 0, 5 * std::sqrt(static_cast<double>(size))) << "lag " << lag;
  }
}

TEST_F(Dropout, BackwardIsTheSameMask) {
  const Array x = random_array({2, 3, 4, 50}, 1), dy = random_array(x.shape, 2);
  std::vector<float> mask(x.v.size());
  ops_->download(ops_->dropout(upload(Array(x.shape, 1)), 0.4f, false, 5), mask);
  Array want(x.shape);
  for (std::size_t i = 0; i < mask.size(); ++i)
    want.v[i] = static_cast<double>(mask[i]) * dy.v[i];
  poison(x.shape);
  EXPECT_TRUE(near(ops_->dropout(upload(dy), 0.4f, false, 5), want));
}

TEST_F(Dropout, IsTheHashOfSeedAndIndex) {
  const std::int64_t size = 20'000;  // more than a piece
  Array want({1, 1, 1, size});
  for (std::int64_t i = 0; i < size; ++i)
    want.v[static_cast<std::size_t>(i)] =
        dropout_hash(dropout_key(9, 0), static_cast<std::uint32_t>(i)) >= 0x40000000u ? 1 / 0.75 : 0.0;
  EXPECT_TRUE(near(ops_->dropout(upload(Array(want.shape, 1)), 0.25f, false, 9), want, 1e-6));
}

TEST_F(Dropout, OtherSeedsGiveOtherMasks) {
  const Array x({1, 1, 1, 64}, 1);
  std::vector<float> a(64), b(64);
  ops_->download(ops_->dropout(upload(x), 0.5f, false, 1), a);
  ops_->download(ops_->dropout(upload(x), 0.5f, false, 2), b);
  EXPECT_NE(a, b);
}

TEST_F(Dropout, WholeChannels) {
  const Shape shape{40, 50, 2, 3};
  std::vector<float> y(static_cast<std::size_t>(shape.size()));
  ops_->download(ops_->dropout(upload(Array(shape, 1)), 0.2f, true, 4), y);
  int lost = 0;
  for (std::size_t i = 0; i < y.size(); i += 6) {
    EXPECT_EQ(std::ranges::count(std::span(y).subspan(i, 6), y[i]), 6);
    lost += y[i] == 0;
  }
  EXPECT_NEAR(lost, 400, 5 * std::sqrt(2000 * 0.2 * 0.8));
}

TEST_F(Dropout, OfNothingIsTheInput) {
  const Array x = random_array({2, 3, 1, 7}, 1);
  EXPECT_TRUE(near(ops_->dropout(upload(x), 0, false, 1), x, 1e-7));
}

using AdamW = LayerOpsTest;

TEST_F(AdamW, FollowsTheEquations) {
  const Shape shape{1, 3, 7, 5};
  const Array gradient1 = random_array(shape, 2), gradient2 = random_array(shape, 3);
  Array p = random_array(shape, 1), m(shape), v(shape);
  Tensor parameter = upload(p), first = upload(m), second = upload(v);
  LayerOps::AdamWOptions o{.learning_rate = 0.01f,
                           .beta1 = 0.8f,
                           .beta2 = 0.95f,
                           .epsilon = 1e-6f,
                           .weight_decay = 0.1f,
                           .gradient_scale = 0.5f};
  for (const Array* gradient : {&gradient1, &gradient2}) {
    for (std::size_t i = 0; i < p.v.size(); ++i) {
      const double g = 0.5 * gradient->v[i];
      m.v[i] = 0.8 * m.v[i] + 0.2 * g;
      v.v[i] = 0.95 * v.v[i] + 0.05 * g * g;
      const double step = static_cast<double>(o.step);
      const double m_hat = m.v[i] / (1 - std::pow(0.8, step)), v_hat = v.v[i] / (1 - std::pow(0.95, step));
      p.v[i] -= 0.01 * 0.1 * p.v[i] + 0.01 * m_hat / (std::sqrt(v_hat) + 1e-6);
    }
    ops_->adamw(parameter, upload(*gradient), first, second, o);
    ++o.step;
  }
  EXPECT_TRUE(near(parameter, p));
  EXPECT_TRUE(near(first, m));
  EXPECT_TRUE(near(second, v));
}

using PointwiseErrors = LayerOpsTest;

TEST_F(PointwiseErrors, NameWhatIsWrong) {
  Tensor a = ops_->zeros({2, 3, 1, 4});
  const Tensor b = ops_->zeros({2, 3, 1, 5});
  EXPECT_THAT([&] { ops_->add(a, b); }, testing::ThrowsMessage<Error>("add: b is [2, 3, 1, 5], expected [2, 3, 1, 4]"));
  EXPECT_THAT([&] { ops_->accumulate(a, {}); },
              testing::ThrowsMessage<Error>("accumulate: b is empty, expected [2, 3, 1, 4]"));
  EXPECT_THAT([&] { ops_->elu_backward(a, b); }, testing::ThrowsMessage<Error>(testing::HasSubstr("elu_backward: dy")));
  EXPECT_THAT([&] { ops_->dropout(a, 1, false, 0); }, testing::ThrowsMessage<Error>("dropout: p is not in [0, 1)"));
  EXPECT_THAT(
      [&] {
        ops_->zeros({0, 1, 1, 1});
      },
      testing::ThrowsMessage<Error>("a tensor needs at least one value along each axis"));
  EXPECT_THAT(
      [&] {
        ops_->upload({1, 1, 1, 2}, std::vector<float>(3));
      },
      testing::ThrowsMessage<Error>("upload: the values are not as many as the shape has"));
}

}  // namespace
}  // namespace segue::audio
