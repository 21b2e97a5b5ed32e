// What holds on a GPU only.
#include <gmock/gmock.h>

#include "tests/audio/layers/reference_convolution.hpp"

namespace segue::audio {
namespace {

class CudaLayerOps : public LayerOpsTest {};

TEST_F(CudaLayerOps, Float16ConvolutionRoundsItsInputs) {
  ops_ = make_layer_ops({Device::Kind::cuda, 0}, Precision::float16);
  const ConvolutionOptions options{.pad_h = 2, .pad_w = 1, .activation = Activation::elu};
  const Array x = random_array({2, 16, 9, 20}, 1), weights = random_array({24, 16, 5, 3}, 2, 0.1);
  const Array bias = random_array({1, 24, 1, 1}, 3), want = reference::convolution(x, weights, bias, options);
  poison(want.shape);
  EXPECT_TRUE(near(ops_->convolution(upload(x), upload(weights), upload(bias), options), want, 2e-3));
}

TEST_F(CudaLayerOps, SamplesByManySetsOfPositions) {
  const Array x = random_array({1, 2, 1, 12}, 1);
  for (int round = 0; round < 2; ++round)
    for (int k = 0; k < 100; ++k) {  // more than are kept
      const float at = static_cast<float>(k) / 10;
      const auto left = static_cast<std::int64_t>(at);
      Array want({1, 2, 1, 1});
      each(want.shape, [&](auto n, auto c, auto h, auto w) {
        want(n, c, h, w) = x(n, c, h, left) + static_cast<double>(at - static_cast<float>(left)) *
                                                  (x(n, c, h, left + 1) - x(n, c, h, left));
      });
      EXPECT_TRUE(near(ops_->sample(upload(x), {{at}}), want)) << at;
    }
}

}  // namespace
}  // namespace segue::audio
