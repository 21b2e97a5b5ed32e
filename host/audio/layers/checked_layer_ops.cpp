#include "host/audio/layers/checked_layer_ops.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "segue/core/error.hpp"

namespace segue::audio {
namespace {

std::string text_of(const Shape& shape) {
  return fmt::format("[{}, {}, {}, {}]", shape.n, shape.c, shape.h, shape.w);
}

/// A network that asks for this is wrong, not its user.
void expect(bool condition, std::string_view message) {
  if (!condition)
    throw Error(std::string(message));
}

/// @param what  "batch_norm: scale"
void expect_shape(std::string_view what, const Tensor& tensor, const Shape& shape) {
  if (!tensor)
    throw Error(fmt::format("{} is empty, expected {}", what, text_of(shape)));
  if (tensor.shape != shape)
    throw Error(fmt::format("{} is {}, expected {}", what, text_of(tensor.shape), text_of(shape)));
}

/// Height 1, as for rows over time.
void expect_flat(std::string_view what, const Tensor& tensor) {
  expect_shape(what, tensor, {tensor.shape.n, tensor.shape.c, 1, tensor.shape.w});
}

void expect_per_channel(std::string_view what, const Tensor& tensor, const Tensor& x) {
  expect_shape(what, tensor, {1, x.shape.c, 1, 1});
}

void expect_values(const Shape& shape) {
  expect(shape.n > 0 && shape.c > 0 && shape.h > 0 && shape.w > 0, "a tensor needs at least one value along each axis");
}

void expect_convolution(const Tensor& x, const Tensor& weights, const ConvolutionOptions& options) {
  expect(options.groups > 0 && x.shape.c % options.groups == 0 && weights.shape.n % options.groups == 0,
         "convolution: channels are not a multiple of groups");
  expect_shape("convolution: weights", weights,
               {weights.shape.n, x.shape.c / options.groups, weights.shape.h, weights.shape.w});
  const Shape y = convolution_output(x.shape, weights.shape, options);
  expect(y.h > 0 && y.w > 0, "convolution: the kernel is larger than its padded input");
}

void expect_norm(const Tensor& x, const Tensor& scale, const Tensor& shift, const Tensor& running_mean,
                 const Tensor& running_variance) {
  expect_per_channel("batch_norm: scale", scale, x);
  expect_per_channel("batch_norm: shift", shift, x);
  expect_per_channel("batch_norm: running mean", running_mean, x);
  expect_per_channel("batch_norm: running variance", running_variance, x);
  expect(x.shape.n * x.shape.h * x.shape.w > 1, "batch_norm: one value a channel has no variance");
}

void expect_norm_backward(const Tensor& x, const Tensor& scale, const BatchNormState& state) {
  expect_per_channel("batch_norm_backward: scale", scale, x);
  expect_per_channel("batch_norm_backward: mean", state.mean, x);
  expect_per_channel("batch_norm_backward: inverse deviation", state.inverse_deviation, x);
}

Shape pooled(const Tensor& x, int factor, std::string_view message) {
  expect(factor >= 1 && factor <= x.shape.h, message);
  return {x.shape.n, x.shape.c, x.shape.h / factor, x.shape.w};
}

void expect_positions(const SamplePositions& positions, std::int64_t w) {
  expect(!positions.at.empty(), "sample: there are no positions");
  expect(std::ranges::all_of(positions.at, [&](float at) { return at <= static_cast<float>(w - 1); }),
         "sample: a position lies beyond the last value");
}

void expect_loss(std::string_view name, const Tensor& logits, const Tensor& targets, const Tensor& row_weight) {
  expect_shape(fmt::format("{}: targets", name), targets, logits.shape);
  expect_shape(fmt::format("{}: row weight", name), row_weight, {logits.shape.n, 1, 1, 1});
}

}  // namespace

CheckedLayerOps::CheckedLayerOps(std::unique_ptr<LayerOps> device) : device_(std::move(device)) {}

Tensor CheckedLayerOps::zeros(Shape shape) {
  expect_values(shape);
  return device_->zeros(shape);
}

Tensor CheckedLayerOps::upload(Shape shape, std::span<const float> values) {
  expect_values(shape);
  expect(std::ssize(values) == shape.size(), "upload: the values are not as many as the shape has");
  return device_->upload(shape, values);
}

void CheckedLayerOps::download(const Tensor& tensor, std::span<float> values) {
  expect_shape("download: the tensor", tensor, tensor.shape);
  expect(std::ssize(values) == tensor.shape.size(), "download: the values are not as many as the tensor has");
  device_->download(tensor, values);
}

Tensor CheckedLayerOps::convolution(const Tensor& x, const Tensor& weights, const Tensor& bias,
                                    const ConvolutionOptions& options) {
  expect_convolution(x, weights, options);
  if (bias)
    expect_shape("convolution: bias", bias, {1, weights.shape.n, 1, 1});
  return device_->convolution(x, weights, bias, options);
}

ConvolutionGradients CheckedLayerOps::convolution_backward(const Tensor& x, const Tensor& weights, const Tensor& dy,
                                                           const ConvolutionOptions& options, bool input_gradient) {
  expect_convolution(x, weights, options);
  expect_shape("convolution_backward: dy", dy, convolution_output(x.shape, weights.shape, options));
  return device_->convolution_backward(x, weights, dy, options, input_gradient);
}

Tensor CheckedLayerOps::batch_norm(const Tensor& x, const Tensor& scale, const Tensor& shift, Tensor& running_mean,
                                   Tensor& running_variance, float momentum, BatchNormState& state) {
  expect_norm(x, scale, shift, running_mean, running_variance);
  return device_->batch_norm(x, scale, shift, running_mean, running_variance, momentum, state);
}

BatchNormGradients CheckedLayerOps::batch_norm_backward(const Tensor& x, const Tensor& scale,
                                                        const BatchNormState& state, const Tensor& dy) {
  expect_norm_backward(x, scale, state);
  expect_shape("batch_norm_backward: dy", dy, x.shape);
  return device_->batch_norm_backward(x, scale, state, dy);
}

Tensor CheckedLayerOps::batch_norm_elu_pool(const Tensor& x, const Tensor& scale, const Tensor& shift,
                                            Tensor& running_mean, Tensor& running_variance, float momentum, int factor,
                                            BatchNormState& state) {
  expect_norm(x, scale, shift, running_mean, running_variance);
  pooled(x, factor, "batch_norm_elu_pool: the factor is not in 1–h");
  return device_->batch_norm_elu_pool(x, scale, shift, running_mean, running_variance, momentum, factor, state);
}

BatchNormGradients CheckedLayerOps::batch_norm_elu_pool_backward(const Tensor& x, const Tensor& y, const Tensor& scale,
                                                                 const Tensor& shift, const BatchNormState& state,
                                                                 const Tensor& dy, int factor) {
  expect_norm_backward(x, scale, state);
  expect_per_channel("batch_norm_elu_pool_backward: shift", shift, x);
  expect_shape("batch_norm_elu_pool_backward: y", y,
               pooled(x, factor, "batch_norm_elu_pool_backward: the factor is not in 1–h"));
  expect_shape("batch_norm_elu_pool_backward: dy", dy, y.shape);
  return device_->batch_norm_elu_pool_backward(x, y, scale, shift, state, dy, factor);
}

Tensor CheckedLayerOps::scale_shift(const Tensor& x, const Tensor& scale, const Tensor& shift) {
  expect_per_channel("scale_shift: scale", scale, x);
  expect_per_channel("scale_shift: shift", shift, x);
  return device_->scale_shift(x, scale, shift);
}

Tensor CheckedLayerOps::elu(const Tensor& x) {
  return device_->elu(x);
}

Tensor CheckedLayerOps::elu_backward(const Tensor& y, const Tensor& dy) {
  expect_shape("elu_backward: dy", dy, y.shape);
  return device_->elu_backward(y, dy);
}

Tensor CheckedLayerOps::sigmoid(const Tensor& x) {
  return device_->sigmoid(x);
}

Tensor CheckedLayerOps::sigmoid_backward(const Tensor& y, const Tensor& dy) {
  expect_shape("sigmoid_backward: dy", dy, y.shape);
  return device_->sigmoid_backward(y, dy);
}

Tensor CheckedLayerOps::dropout(const Tensor& x, float p, bool whole_channels, std::uint64_t seed) {
  expect(p >= 0 && p < 1, "dropout: p is not in [0, 1)");
  return device_->dropout(x, p, whole_channels, seed);
}

Tensor CheckedLayerOps::add(const Tensor& a, const Tensor& b) {
  expect_shape("add: b", b, {b.shape.n == 1 ? 1 : a.shape.n, a.shape.c, a.shape.h, a.shape.w});
  return device_->add(a, b);
}

Tensor CheckedLayerOps::sum_over_batch(const Tensor& dy) {
  return device_->sum_over_batch(dy);
}

void CheckedLayerOps::accumulate(Tensor& a, const Tensor& b) {
  expect_shape("accumulate: b", b, a.shape);
  device_->accumulate(a, b);
}

double CheckedLayerOps::squared_norm(const Tensor& x) {
  return device_->squared_norm(x);
}

void CheckedLayerOps::adamw(Tensor& parameter, const Tensor& gradient, Tensor& first_moment, Tensor& second_moment,
                            const AdamWOptions& options) {
  expect_shape("adamw: gradient", gradient, parameter.shape);
  expect_shape("adamw: first moment", first_moment, parameter.shape);
  expect_shape("adamw: second moment", second_moment, parameter.shape);
  expect(options.step >= 1, "adamw: steps are counted from 1");
  device_->adamw(parameter, gradient, first_moment, second_moment, options);
}

Tensor CheckedLayerOps::max_pool_h(const Tensor& x, int factor) {
  pooled(x, factor, "max_pool_h: the factor is not in 1–h");
  return device_->max_pool_h(x, factor);
}

Tensor CheckedLayerOps::max_pool_h_backward(const Tensor& x, const Tensor& y, const Tensor& dy, int factor) {
  expect_shape("max_pool_h_backward: y", y, pooled(x, factor, "max_pool_h_backward: the factor is not in 1–h"));
  expect_shape("max_pool_h_backward: dy", dy, y.shape);
  return device_->max_pool_h_backward(x, y, dy, factor);
}

Tensor CheckedLayerOps::circular_pad_h(const Tensor& x, int extra) {
  expect(extra >= 0 && extra <= x.shape.h, "circular_pad_h: extra is not in 0–h");
  return device_->circular_pad_h(x, extra);
}

Tensor CheckedLayerOps::circular_pad_h_backward(const Tensor& dy, int extra) {
  expect(extra >= 0 && 2 * std::int64_t{extra} <= dy.shape.h, "circular_pad_h_backward: extra is not in 0–h");
  return device_->circular_pad_h_backward(dy, extra);
}

Tensor CheckedLayerOps::concat_channels(const Tensor& a, const Tensor& b) {
  expect_shape("concat_channels: b", b, {a.shape.n, b.shape.c, a.shape.h, a.shape.w});
  return device_->concat_channels(a, b);
}

Tensor CheckedLayerOps::slice_channels(const Tensor& x, std::int64_t begin, std::int64_t end) {
  expect(begin >= 0 && begin < end && end <= x.shape.c, "slice_channels: not a range of the channels");
  return device_->slice_channels(x, begin, end);
}

Tensor CheckedLayerOps::slice_channels_backward(const Tensor& dy, std::int64_t begin, std::int64_t channels) {
  expect(begin >= 0 && begin + dy.shape.c <= channels, "slice_channels_backward: not a range of the channels");
  return device_->slice_channels_backward(dy, begin, channels);
}

Tensor CheckedLayerOps::mean_over_w(const Tensor& x) {
  return device_->mean_over_w(x);
}

Tensor CheckedLayerOps::mean_over_w_backward(const Tensor& dy, std::int64_t w) {
  expect_shape("mean_over_w_backward: dy", dy, {dy.shape.n, dy.shape.c, dy.shape.h, 1});
  expect(w >= 1, "mean_over_w_backward: the width is not at least 1");
  return device_->mean_over_w_backward(dy, w);
}

Tensor CheckedLayerOps::statistics_over_w(const Tensor& x) {
  expect_flat("statistics_over_w: x", x);
  return device_->statistics_over_w(x);
}

Tensor CheckedLayerOps::statistics_over_w_backward(const Tensor& x, const Tensor& y, const Tensor& dy) {
  expect_flat("statistics_over_w_backward: x", x);
  expect_shape("statistics_over_w_backward: y", y, {x.shape.n, 3 * x.shape.c, 1, 1});
  expect_shape("statistics_over_w_backward: dy", dy, y.shape);
  return device_->statistics_over_w_backward(x, y, dy);
}

Tensor CheckedLayerOps::autocorrelation(const Tensor& x, std::int64_t lags) {
  expect_flat("autocorrelation: x", x);
  expect(lags >= 1 && lags <= x.shape.w, "autocorrelation: lags are not in 1–w");
  return device_->autocorrelation(x, lags);
}

Tensor CheckedLayerOps::autocorrelation_backward(const Tensor& x, const Tensor& dy, std::int64_t lags) {
  expect_flat("autocorrelation_backward: x", x);
  expect(lags >= 1 && lags <= x.shape.w, "autocorrelation_backward: lags are not in 1–w");
  expect_shape("autocorrelation_backward: dy", dy, {x.shape.n, x.shape.c, 1, lags});
  return device_->autocorrelation_backward(x, dy, lags);
}

Tensor CheckedLayerOps::sample(const Tensor& x, const SamplePositions& positions) {
  expect_flat("sample: x", x);
  expect_positions(positions, x.shape.w);
  return device_->sample(x, positions);
}

Tensor CheckedLayerOps::sample_backward(const Tensor& dy, const SamplePositions& positions, std::int64_t w) {
  expect_positions(positions, w);
  expect_shape("sample_backward: dy", dy, {dy.shape.n, dy.shape.c, 1, std::ssize(positions.at)});
  return device_->sample_backward(dy, positions, w);
}

Tensor CheckedLayerOps::attend(const Tensor& x, const Tensor& logits) {
  expect_flat("attend: x", x);
  expect_shape("attend: logits", logits, {x.shape.n, 1, 1, x.shape.w});
  return device_->attend(x, logits);
}

LayerOps::AttendGradients CheckedLayerOps::attend_backward(const Tensor& x, const Tensor& logits, const Tensor& dy) {
  expect_flat("attend_backward: x", x);
  expect_shape("attend_backward: logits", logits, {x.shape.n, 1, 1, x.shape.w});
  expect_shape("attend_backward: dy", dy, {x.shape.n, x.shape.c, 1, 1});
  return device_->attend_backward(x, logits, dy);
}

double CheckedLayerOps::cross_entropy(const Tensor& logits, const Tensor& targets, const Tensor& row_weight,
                                      Tensor& gradient) {
  expect_loss("cross_entropy", logits, targets, row_weight);
  return device_->cross_entropy(logits, targets, row_weight, gradient);
}

double CheckedLayerOps::binary_cross_entropy(const Tensor& logits, const Tensor& targets,
                                             std::span<const float> positive_weight, const Tensor& row_weight,
                                             Tensor& gradient) {
  expect_loss("binary_cross_entropy", logits, targets, row_weight);
  expect(std::ssize(positive_weight) == logits.shape.c, "binary_cross_entropy: positive_weight is not one a channel");
  return device_->binary_cross_entropy(logits, targets, positive_weight, row_weight, gradient);
}

}  // namespace segue::audio
