#pragma once

#include <memory>

#include "segue/audio/layer_ops.hpp"

namespace segue::audio {

/// A device's operations behind layer_ops.hpp's checks of shapes, which are the same on all.
class CheckedLayerOps final : public LayerOps {
 public:
  explicit CheckedLayerOps(std::unique_ptr<LayerOps> device);

  Tensor zeros(Shape shape) override;
  Tensor upload(Shape shape, std::span<const float> values) override;
  void download(const Tensor& tensor, std::span<float> values) override;

  Tensor convolution(const Tensor& x, const Tensor& weights, const Tensor& bias,
                     const ConvolutionOptions& options) override;
  ConvolutionGradients convolution_backward(const Tensor& x, const Tensor& weights, const Tensor& dy,
                                            const ConvolutionOptions& options, bool input_gradient) override;

  Tensor batch_norm(const Tensor& x, const Tensor& scale, const Tensor& shift, Tensor& running_mean,
                    Tensor& running_variance, float momentum, BatchNormState& state) override;
  BatchNormGradients batch_norm_backward(const Tensor& x, const Tensor& scale, const BatchNormState& state,
                                         const Tensor& dy) override;
  Tensor batch_norm_elu_pool(const Tensor& x, const Tensor& scale, const Tensor& shift, Tensor& running_mean,
                             Tensor& running_variance, float momentum, int factor, BatchNormState& state) override;
  BatchNormGradients batch_norm_elu_pool_backward(const Tensor& x, const Tensor& y, const Tensor& scale,
                                                  const Tensor& shift, const BatchNormState& state, const Tensor& dy,
                                                  int factor) override;
  Tensor scale_shift(const Tensor& x, const Tensor& scale, const Tensor& shift) override;

  Tensor elu(const Tensor& x) override;
  Tensor elu_backward(const Tensor& y, const Tensor& dy) override;
  Tensor sigmoid(const Tensor& x) override;
  Tensor sigmoid_backward(const Tensor& y, const Tensor& dy) override;
  Tensor dropout(const Tensor& x, float p, bool whole_channels, std::uint64_t seed) override;
  Tensor add(const Tensor& a, const Tensor& b) override;
  Tensor sum_over_batch(const Tensor& dy) override;
  void accumulate(Tensor& a, const Tensor& b) override;
  double squared_norm(const Tensor& x) override;
  void adamw(Tensor& parameter, const Tensor& gradient, Tensor& first_moment, Tensor& second_moment,
             const AdamWOptions& options) override;

  Tensor max_pool_h(const Tensor& x, int factor) override;
  Tensor max_pool_h_backward(const Tensor& x, const Tensor& y, const Tensor& dy, int factor) override;
  Tensor circular_pad_h(const Tensor& x, int extra) override;
  Tensor circular_pad_h_backward(const Tensor& dy, int extra) override;
  Tensor concat_channels(const Tensor& a, const Tensor& b) override;
  Tensor slice_channels(const Tensor& x, std::int64_t begin, std::int64_t end) override;
  Tensor slice_channels_backward(const Tensor& dy, std::int64_t begin, std::int64_t channels) override;
  Tensor mean_over_w(const Tensor& x) override;
  Tensor mean_over_w_backward(const Tensor& dy, std::int64_t w) override;

  Tensor statistics_over_w(const Tensor& x) override;
  Tensor statistics_over_w_backward(const Tensor& x, const Tensor& y, const Tensor& dy) override;
  Tensor autocorrelation(const Tensor& x, std::int64_t lags) override;
  Tensor autocorrelation_backward(const Tensor& x, const Tensor& dy, std::int64_t lags) override;
  Tensor sample(const Tensor& x, const SamplePositions& positions) override;
  Tensor sample_backward(const Tensor& dy, const SamplePositions& positions, std::int64_t w) override;
  Tensor attend(const Tensor& x, const Tensor& logits) override;
  AttendGradients attend_backward(const Tensor& x, const Tensor& logits, const Tensor& dy) override;

  double cross_entropy(const Tensor& logits, const Tensor& targets, const Tensor& row_weight,
                       Tensor& gradient) override;
  double binary_cross_entropy(const Tensor& logits, const Tensor& targets, std::span<const float> positive_weight,
                              const Tensor& row_weight, Tensor& gradient) override;

 private:
  std::unique_ptr<LayerOps> device_;
};

}  // namespace segue::audio
