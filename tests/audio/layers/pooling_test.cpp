#include <gmock/gmock.h>

#include <algorithm>
#include <limits>

#include "segue/core/error.hpp"
#include "tests/audio/layers/gradients.hpp"

namespace segue::audio {
namespace {

struct PoolCase {
  Shape shape;
  int factor;
};

class MaxPool : public LayerOpsTest, public testing::WithParamInterface<PoolCase> {};

TEST_P(MaxPool, ForwardAndBackward) {
  const auto [shape, factor] = GetParam();
  const Function f = [factor = factor](const std::vector<Array>& in) {
    Array y({in[0].shape.n, in[0].shape.c, in[0].shape.h / factor, in[0].shape.w},
            -std::numeric_limits<double>::infinity());
    each({y.shape.n, y.shape.c, y.shape.h * factor, y.shape.w}, [&](auto n, auto c, auto h, auto w) {
      y(n, c, h / factor, w) = std::max(y(n, c, h / factor, w), in[0](n, c, h, w));
    });
    return y;
  };
  const Array x = random_array(shape, 1), want = f({x}), dy = random_array(want.shape, 2);
  poison(want.shape);
  const Tensor y = ops_->max_pool_h(upload(x), factor);
  EXPECT_TRUE(near(y, want, 0));
  poison(x.shape);
  EXPECT_TRUE(
      near(ops_->max_pool_h_backward(upload(x), y, upload(dy), factor), numeric_gradients(f, {x}, dy)[0], 1e-4));
}

INSTANTIATE_TEST_SUITE_P(Shapes, MaxPool,
                         testing::Values(PoolCase{{2, 3, 6, 17}, 2}, PoolCase{{1, 2, 10, 5}, 3},
                                         PoolCase{{1, 1, 1, 1}, 1}, PoolCase{{2, 1, 5, 1}, 5},
                                         PoolCase{{1, 2, 13, 33}, 3}));

using Pooling = LayerOpsTest;

TEST_F(Pooling, TiesGiveTheirGradientToTheFirst) {
  const Tensor x = ops_->upload({1, 1, 3, 2}, std::vector<float>{1, 2, 1, 2, 1, 0});
  const Tensor y = ops_->max_pool_h(x, 3);
  std::vector<float> dx(6);
  ops_->download(ops_->max_pool_h_backward(x, y, ops_->upload({1, 1, 1, 2}, std::vector<float>{5, 7}), 3), dx);
  EXPECT_THAT(dx, testing::ElementsAre(5, 7, 0, 0, 0, 0));
}

class CircularPad : public LayerOpsTest, public testing::WithParamInterface<PoolCase> {};

TEST_P(CircularPad, ForwardAndBackward) {
  const auto [shape, extra] = GetParam();
  const Function f = [extra = extra](const std::vector<Array>& in) {
    Array y({in[0].shape.n, in[0].shape.c, in[0].shape.h + extra, in[0].shape.w});
    each(y.shape, [&](auto n, auto c, auto h, auto w) { y(n, c, h, w) = in[0](n, c, h % in[0].shape.h, w); });
    return y;
  };
  const Array x = random_array(shape, 1), want = f({x}), dy = random_array(want.shape, 2);
  poison(want.shape);
  EXPECT_TRUE(near(ops_->circular_pad_h(upload(x), extra), want, 0));
  poison(x.shape);
  EXPECT_TRUE(near(ops_->circular_pad_h_backward(upload(dy), extra), numeric_gradients(f, {x}, dy)[0]));
}

INSTANTIATE_TEST_SUITE_P(Shapes, CircularPad,
                         testing::Values(PoolCase{{2, 3, 12, 5}, 11}, PoolCase{{1, 1, 1, 1}, 1},
                                         PoolCase{{2, 1, 4, 18}, 0}, PoolCase{{1, 2, 3, 2}, 3}));

TEST_F(Pooling, ConcatAndSlice) {
  const Array a = random_array({2, 3, 2, 5}, 1), b = random_array({2, 4, 2, 5}, 2);
  Array both({2, 7, 2, 5}), middle({2, 3, 2, 5}), back(both.shape);
  each(both.shape,
       [&](auto n, auto c, auto h, auto w) { both(n, c, h, w) = c < 3 ? a(n, c, h, w) : b(n, c - 3, h, w); });
  each(middle.shape, [&](auto n, auto c, auto h, auto w) {
    middle(n, c, h, w) = both(n, c + 2, h, w);
    back(n, c + 2, h, w) = middle(n, c, h, w);
  });
  poison(both.shape);
  const Tensor y = ops_->concat_channels(upload(a), upload(b));
  EXPECT_TRUE(near(y, both, 0));
  poison(middle.shape);
  EXPECT_TRUE(near(ops_->slice_channels(y, 2, 5), middle, 0));
  poison(back.shape);
  EXPECT_TRUE(near(ops_->slice_channels_backward(upload(middle), 2, 7), back, 0));
}

TEST_F(Pooling, MeanOverW) {
  for (const Shape& shape : {Shape{2, 3, 4, 21}, Shape{1, 1, 1, 1}, Shape{2, 1, 3, 64}}) {
    const Function f = [](const std::vector<Array>& in) {
      Array y({in[0].shape.n, in[0].shape.c, in[0].shape.h, 1});
      each(in[0].shape, [&](auto n, auto c, auto h, auto w) {
        y(n, c, h, 0) += in[0](n, c, h, w) / static_cast<double>(in[0].shape.w);
      });
      return y;
    };
    const Array x = random_array(shape, 1), want = f({x}), dy = random_array(want.shape, 2);
    poison(want.shape);
    EXPECT_TRUE(near(ops_->mean_over_w(upload(x)), want));
    poison(x.shape);
    EXPECT_TRUE(near(ops_->mean_over_w_backward(upload(dy), shape.w), numeric_gradients(f, {x}, dy)[0]));
  }
}

TEST_F(Pooling, ReshapedSharesItsValues) {
  const Array x = random_array({1, 2, 6, 4}, 1);
  Array other({1, 6, 2, 4});
  other.v = x.v;
  EXPECT_TRUE(near(upload(x).reshaped({1, 6, 2, 4}), other, 0));
}

TEST_F(Pooling, ErrorsNameWhatIsWrong) {
  const Tensor x = ops_->zeros({1, 4, 5, 6});
  EXPECT_THAT([&] { ops_->max_pool_h(x, 6); }, testing::ThrowsMessage<Error>("max_pool_h: the factor is not in 1–h"));
  EXPECT_THAT([&] { ops_->circular_pad_h(x, 6); },
              testing::ThrowsMessage<Error>("circular_pad_h: extra is not in 0–h"));
  EXPECT_THAT([&] { ops_->slice_channels(x, 2, 5); },
              testing::ThrowsMessage<Error>("slice_channels: not a range of the channels"));
  EXPECT_THAT(
      [&] {
        ops_->concat_channels(x, ops_->zeros({1, 2, 4, 6}));
      },
      testing::ThrowsMessage<Error>("concat_channels: b is [1, 2, 4, 6], expected [1, 2, 5, 6]"));
  EXPECT_THAT([&] { ops_->mean_over_w_backward(x, 3); },
              testing::ThrowsMessage<Error>(testing::HasSubstr("[1, 4, 5, 1]")));
}

}  // namespace
}  // namespace segue::audio
