#pragma once

#include <map>
#include <memory>
#include <vector>

#include "cuda/audio/layers/convolution.hpp"
#include "cuda/audio/layers/device_tensor.hpp"

namespace segue::cuda {

using audio::BatchNormGradients;
using audio::BatchNormState;
using audio::ConvolutionGradients;
using audio::ConvolutionOptions;
using audio::SamplePositions;
using audio::Shape;
using audio::Tensor;

/// Positions to sample at as a device has them, and for the backward what samples each value of a row is in.
struct DevicePositions {
  DeviceBuffer<float> at;
  DeviceBuffer<std::int32_t> offsets;  ///< [w + 1] into samples and weights
  DeviceBuffer<std::int32_t> samples;
  DeviceBuffer<float> weights;
};

/// Each operation queues its kernels and returns; only what comes back to the host waits. In this folder's files:
/// convolution_ops.cu, normalization_ops.cu, pointwise_ops.cu, pooling_ops.cu, sequence_ops.cu, loss_ops.cu.
class CudaLayerOps final : public audio::LayerOps {
 public:
  CudaLayerOps(int device, audio::Precision precision);

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
  Tensor make(Shape shape);  ///< values undefined
  /// Makes this GPU the thread's; whatever an operation launches goes through here.
  const CudaContext& context();
  /// Sums of doubles that kernels left on the device, in order.
  double sum_of(const DeviceBuffer<double>& values);
  Tensor convolution_float16(const Tensor& x, const Tensor& weights, const Tensor& bias,
                             const ConvolutionOptions& options);
  Tensor autocorrelate(const Tensor& centred, std::int64_t lags);
  Tensor centred(const Tensor& x);
  Tensor softmax(const Tensor& logits);
  const DevicePositions& positions_of(const SamplePositions& positions, std::int64_t w);

  CudaContext context_;
  audio::Precision precision_;
  Convolutions convolutions_;
  std::map<std::pair<std::vector<float>, std::int64_t>, DevicePositions> positions_;
};

}  // namespace segue::cuda
