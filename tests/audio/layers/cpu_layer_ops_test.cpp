// What holds on the CPU only.
#include <gmock/gmock.h>

#include "segue/core/error.hpp"
#include "segue/core/parallel.hpp"
#include "tests/audio/layers/gradients.hpp"

namespace segue::audio {
namespace {

class CpuLayerOpsThreads : public LayerOpsTest {
 protected:
  ~CpuLayerOpsThreads() override { set_thread_count(0); }

  std::vector<float> values(const Tensor& tensor) {
    std::vector<float> values(static_cast<std::size_t>(tensor.shape.size()));
    ops_->download(tensor, values);
    return values;
  }

  /// A layer's forward and backward; all that came out.
  std::vector<std::vector<float>> run_layer(int threads) {
    set_thread_count(threads);
    const ConvolutionOptions options{.pad_h = 2, .pad_w = 1};
    const Tensor x = upload(random_array({6, 16, 20, 40}, 1)), weights = upload(random_array({16, 16, 5, 3}, 2));
    const Tensor scale = upload(random_array({1, 16, 1, 1}, 3));
    Tensor mean = ops_->zeros({1, 16, 1, 1}), variance = ops_->zeros({1, 16, 1, 1});
    BatchNormState state;
    const Tensor y = ops_->convolution(x, weights, {}, options);
    const Tensor z = ops_->batch_norm(y, scale, scale, mean, variance, 0.1f, state);
    const BatchNormGradients norm = ops_->batch_norm_backward(y, scale, state, z);
    const ConvolutionGradients convolution = ops_->convolution_backward(x, weights, norm.input, options, true);
    return {values(z),
            values(norm.scale),
            values(convolution.input),
            values(convolution.weights),
            values(convolution.bias),
            {static_cast<float>(ops_->squared_norm(z))}};
  }
};

TEST_F(CpuLayerOpsThreads, SameBitsOnAnyNumber) {
  const auto one = run_layer(1);
  EXPECT_EQ(run_layer(2), one);
  EXPECT_EQ(run_layer(5), one);
}

TEST(MakeLayerOps, Float16NeedsAGpu) {
  EXPECT_THAT([] { make_layer_ops(Device::cpu(), Precision::float16); },
              testing::ThrowsMessage<InvalidArgument>("float16 needs a GPU; on the CPU networks run in float32"));
}

}  // namespace
}  // namespace segue::audio
