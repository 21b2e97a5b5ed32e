#include <gmock/gmock.h>

#include <string>

#include "segue/core/error.hpp"
#include "tests/audio/layers/reference_convolution.hpp"

namespace segue::audio {
namespace {

struct ConvolutionCase {
  std::string name;
  Shape x, weights;
  ConvolutionOptions options = {};
};

class Convolution : public LayerOpsTest, public testing::WithParamInterface<ConvolutionCase> {};

TEST_P(Convolution, Forward) {
  const auto& [name, x_shape, w_shape, options] = GetParam();
  const Array x = random_array(x_shape, 1), weights = random_array(w_shape, 2),
              bias = random_array({1, w_shape.n, 1, 1}, 3);
  const Array want = reference::convolution(x, weights, bias, options);
  poison(want.shape);
  EXPECT_TRUE(near(ops_->convolution(upload(x), upload(weights), upload(bias), options), want));
}

TEST_P(Convolution, ForwardWithoutBias) {
  const auto& [name, x_shape, w_shape, options] = GetParam();
  const Array x = random_array(x_shape, 1), weights = random_array(w_shape, 2);
  const Array want = reference::convolution(x, weights, Array({1, w_shape.n, 1, 1}), options);
  EXPECT_TRUE(near(ops_->convolution(upload(x), upload(weights), {}, options), want));
}

TEST_P(Convolution, FusedElu) {
  auto [name, x_shape, w_shape, options] = GetParam();
  options.activation = Activation::elu;
  const Array x = random_array(x_shape, 1), weights = random_array(w_shape, 2, 0.3),
              bias = random_array({1, w_shape.n, 1, 1}, 3);
  const Array want = reference::convolution(x, weights, bias, options);
  EXPECT_TRUE(near(ops_->convolution(upload(x), upload(weights), upload(bias), options), want));
}

TEST_P(Convolution, Backward) {
  const auto& [name, x_shape, w_shape, options] = GetParam();
  const Array x = random_array(x_shape, 1), weights = random_array(w_shape, 2), bias({1, w_shape.n, 1, 1});
  const Array dy = random_array(reference::convolution(x, weights, bias, options).shape, 4);
  const auto want = reference::convolution_backward(x, weights, dy, options);
  for (const Shape& shape : {x_shape, w_shape, bias.shape})
    poison(shape);
  const ConvolutionGradients got = ops_->convolution_backward(upload(x), upload(weights), upload(dy), options, true);
  EXPECT_TRUE(near(got.input, want.input));
  EXPECT_TRUE(near(got.weights, want.weights));
  EXPECT_TRUE(near(got.bias, want.bias));
}

TEST_P(Convolution, BackwardWithoutInputGradient) {
  const auto& [name, x_shape, w_shape, options] = GetParam();
  const Array x = random_array(x_shape, 1), weights = random_array(w_shape, 2), bias({1, w_shape.n, 1, 1});
  const Array dy = random_array(reference::convolution(x, weights, bias, options).shape, 4);
  const ConvolutionGradients got = ops_->convolution_backward(upload(x), upload(weights), upload(dy), options, false);
  EXPECT_FALSE(got.input);
  EXPECT_TRUE(near(got.weights, reference::convolution_backward(x, weights, dy, options).weights));
}

// Those of both branches at smaller sizes, and what an implementation may stumble on.
INSTANTIATE_TEST_SUITE_P(
    Shapes, Convolution,
    testing::Values(
        ConvolutionCase{"OneValue", {1, 1, 1, 1}, {1, 1, 1, 1}},
        ConvolutionCase{"Linear", {3, 20, 1, 1}, {7, 20, 1, 1}},
        ConvolutionCase{"Pointwise", {2, 40, 3, 17}, {20, 40, 1, 1}},
        ConvolutionCase{"KeyFirst", {2, 1, 25, 9}, {16, 1, 7, 3}, {.pad_h = 3, .pad_w = 1}},
        ConvolutionCase{"KeySecond", {2, 16, 12, 10}, {16, 16, 5, 3}, {.pad_h = 2, .pad_w = 1}},
        ConvolutionCase{"Depthwise", {2, 6, 40, 5}, {6, 1, 37, 1}, {.pad_h = 18, .groups = 6}},
        ConvolutionCase{"DepthwiseByTwo", {2, 4, 7, 5}, {8, 1, 3, 3}, {.pad_h = 1, .pad_w = 1, .groups = 4}},
        ConvolutionCase{"Groups", {2, 6, 7, 5}, {9, 2, 3, 2}, {.pad_h = 1, .groups = 3}},
        ConvolutionCase{"CircularOverPitchClasses", {2, 5, 23, 6}, {5, 5, 12, 3}, {.pad_w = 1}},
        ConvolutionCase{"WidthOne", {3, 8, 23, 1}, {8, 8, 12, 1}},
        ConvolutionCase{"TempoFirst", {2, 2, 10, 33}, {16, 2, 3, 3}, {.pad_h = 1, .pad_w = 1}},
        ConvolutionCase{"TempoSecond", {1, 16, 6, 21}, {20, 16, 4, 3}, {.pad_w = 1}},
        ConvolutionCase{"Dilated", {2, 20, 1, 64}, {20, 20, 1, 5}, {.pad_w = 8, .dilation_w = 4}},
        ConvolutionCase{"DilatedByNoDivisor", {2, 5, 1, 61}, {3, 5, 1, 5}, {.pad_w = 14, .dilation_w = 7}},
        ConvolutionCase{"DilatedBeyondTheWidth", {2, 4, 1, 30}, {4, 4, 1, 5}, {.pad_w = 64, .dilation_w = 32}},
        ConvolutionCase{"DilatedUnevenPadding", {2, 4, 1, 32}, {4, 4, 1, 3}, {.pad_w = 3, .dilation_w = 4}},
        ConvolutionCase{
            "DilatedBoth", {1, 3, 11, 13}, {2, 3, 3, 3}, {.pad_h = 2, .pad_w = 3, .dilation_h = 2, .dilation_w = 3}},
        ConvolutionCase{"DilatedFarDividing", {2, 5, 1, 64}, {3, 5, 1, 5}, {.pad_w = 32, .dilation_w = 16}},
        ConvolutionCase{"DilatedFarNotDividing", {2, 5, 1, 61}, {3, 5, 1, 5}, {.pad_w = 32, .dilation_w = 16}},
        ConvolutionCase{"WideKernel", {1, 24, 1, 90}, {24, 24, 1, 9}, {.pad_w = 16, .dilation_w = 4}},
        ConvolutionCase{"SeveralPieces", {3, 16, 20, 40}, {16, 16, 5, 3}, {.pad_h = 2, .pad_w = 1}},
        ConvolutionCase{"PiecesWithARest", {5, 16, 10, 31}, {16, 16, 4, 3}, {.pad_w = 1}}),
    [](const auto& c) { return c.param.name; });

// The reference's own backward.
TEST(ConvolutionReference, BackwardMatchesFiniteDifferences) {
  const ConvolutionOptions options{.pad_h = 1, .pad_w = 2, .dilation_w = 2, .groups = 2};
  const std::vector<Array> inputs{random_array({2, 4, 3, 5}, 1), random_array({2, 2, 2, 3}, 2),
                                  random_array({1, 2, 1, 1}, 3)};
  const Function f = [&](const std::vector<Array>& in) { return reference::convolution(in[0], in[1], in[2], options); };
  const Array dy = random_array(f(inputs).shape, 4);
  const std::vector<Array> want = numeric_gradients(f, inputs, dy);
  const auto got = reference::convolution_backward(inputs[0], inputs[1], dy, options);
  EXPECT_THAT(got.input.v, testing::Pointwise(testing::DoubleNear(1e-7), want[0].v));
  EXPECT_THAT(got.weights.v, testing::Pointwise(testing::DoubleNear(1e-7), want[1].v));
  EXPECT_THAT(got.bias.v, testing::Pointwise(testing::DoubleNear(1e-7), want[2].v));
}

using ConvolutionErrors = LayerOpsTest;

TEST_F(ConvolutionErrors, NameBothShapes) {
  const Tensor x = ops_->zeros({1, 4, 5, 5});
  EXPECT_THAT(
      [&] {
        ops_->convolution(x, ops_->zeros({2, 3, 1, 1}), {}, {});
      },
      testing::ThrowsMessage<Error>("convolution: weights is [2, 3, 1, 1], expected [2, 4, 1, 1]"));
  EXPECT_THAT(
      [&] {
        ops_->convolution(x, ops_->zeros({2, 4, 1, 1}), ops_->zeros({1, 3, 1, 1}), {});
      },
      testing::ThrowsMessage<Error>("convolution: bias is [1, 3, 1, 1], expected [1, 2, 1, 1]"));
  EXPECT_THAT(
      [&] {
        ops_->convolution(x, ops_->zeros({2, 4, 7, 1}), {}, {});
      },
      testing::ThrowsMessage<Error>("convolution: the kernel is larger than its padded input"));
  EXPECT_THAT(
      [&] {
        ops_->convolution(x, ops_->zeros({3, 2, 1, 1}), {}, {.groups = 2});
      },
      testing::ThrowsMessage<Error>("convolution: channels are not a multiple of groups"));
  EXPECT_THAT(
      [&] {
        ops_->convolution_backward(x, ops_->zeros({2, 4, 1, 1}), x, {}, true);
      },
      testing::ThrowsMessage<Error>("convolution_backward: dy is [1, 4, 5, 5], expected [1, 2, 5, 5]"));
}

}  // namespace
}  // namespace segue::audio
