#include "host/audio/network/tape.hpp"

#include <cmath>

namespace segue::audio {
namespace {

constexpr float kMomentum = 0.1f;  // of the running statistics

Shape by_channel(std::int64_t channels) {
  return {1, channels, 1, 1};
}

}  // namespace

// Out of place: a gradient may be shared, as that of a sum is by both its terms.
void Tape::add_gradient(const Variable& x, const Tensor& gradient) {
  if (x.gradient)
    *x.gradient = *x.gradient ? ops_.add(*x.gradient, gradient) : gradient;
}

void Tape::backward() {
  for (auto step = steps_.rbegin(); step != steps_.rend(); ++step)
    (*step)();
  steps_.clear();
}

Variable Tape::parameter(const std::string& name, Shape shape) {
  if (!records())
    return variable(folded_->tensor(name, shape));
  Parameter& parameter = trained_->trained(name, shape, {}, true);
  return record(variable(parameter.value), [&parameter](const Tensor& dy) { parameter.gradient = dy; });
}

Variable Tape::convolution(const Convolution& layer, const Variable& x) {
  if (records())
    return trained_convolution(layer, x);
  const FoldedParameters::Pair& parameters = folded_->convolution(layer.name, layer.weights, layer.normalised);
  ConvolutionOptions options = layer.options;
  options.activation = layer.activation;
  const Tensor y = ops_.convolution(x.value, parameters.weights, parameters.bias, options);
  return variable(layer.pool_h > 1 ? ops_.max_pool_h(y, layer.pool_h) : y);
}

Variable Tape::trained_convolution(const Convolution& layer, const Variable& x) {
  const Shape& kernel = layer.weights;
  const float bound = 1 / std::sqrt(static_cast<float>(kernel.c * kernel.h * kernel.w));
  Parameter& weights = trained_->trained(layer.name + ".weight", kernel, {.bound = bound}, true);
  // A norm takes any bias away again.
  Parameter* bias = layer.normalised
                        ? nullptr
                        : &trained_->trained(layer.name + ".bias", by_channel(kernel.n), {.bound = bound}, false);
  const Variable y = variable(ops_.convolution(x.value, weights.value, bias ? bias->value : Tensor(), layer.options));
  record(y, [this, x, &weights, bias, options = layer.options](const Tensor& dy) {
    const ConvolutionGradients gradients =
        ops_.convolution_backward(x.value, weights.value, dy, options, x.gradient != nullptr);
    weights.gradient = gradients.weights;
    if (bias)
      bias->gradient = gradients.bias;
    add_gradient(x, gradients.input);
  });
  if (layer.normalised)
    return trained_norm_elu_pool(layer.name + ".norm", y, layer.pool_h);
  return layer.activation == Activation::elu ? elu(y) : y;
}

Variable Tape::norm(const std::string& name, const Variable& x) {
  if (records())
    return trained_norm(name, x);
  const FoldedParameters::Pair& parameters = folded_->norm(name, x.shape().c);
  return variable(ops_.scale_shift(x.value, parameters.weights, parameters.bias));
}

Tape::Norm Tape::norm_parameters(const std::string& name, std::int64_t channels) {
  const Shape shape = by_channel(channels);
  return {trained_->trained(name + ".scale", shape, {.constant = 1}, false),
          trained_->trained(name + ".shift", shape, {}, false), trained_->running(name + ".mean", shape, 0),
          trained_->running(name + ".variance", shape, 1)};
}

Variable Tape::trained_norm(const std::string& name, const Variable& x) {
  const Norm norm = norm_parameters(name, x.shape().c);
  BatchNormState state;
  const Tensor y =
      ops_.batch_norm(x.value, norm.scale.value, norm.shift.value, norm.mean, norm.variance, kMomentum, state);
  return record(variable(y), [this, x, norm, state](const Tensor& dy) {
    const BatchNormGradients gradients = ops_.batch_norm_backward(x.value, norm.scale.value, state, dy);
    norm.scale.gradient = gradients.scale;
    norm.shift.gradient = gradients.shift;
    add_gradient(x, gradients.input);
  });
}

Variable Tape::trained_norm_elu_pool(const std::string& name, const Variable& x, int factor) {
  const Norm norm = norm_parameters(name, x.shape().c);
  BatchNormState state;
  const Tensor y = ops_.batch_norm_elu_pool(x.value, norm.scale.value, norm.shift.value, norm.mean, norm.variance,
                                            kMomentum, factor, state);
  return record(variable(y), [this, x, y, norm, state, factor](const Tensor& dy) {
    const BatchNormGradients gradients =
        ops_.batch_norm_elu_pool_backward(x.value, y, norm.scale.value, norm.shift.value, state, dy, factor);
    norm.scale.gradient = gradients.scale;
    norm.shift.gradient = gradients.shift;
    add_gradient(x, gradients.input);
  });
}

Variable Tape::elu(const Variable& x) {
  const Tensor y = ops_.elu(x.value);
  return record(variable(y), [this, x, y](const Tensor& dy) { add_gradient(x, ops_.elu_backward(y, dy)); });
}

Variable Tape::sigmoid(const Variable& x) {
  const Tensor y = ops_.sigmoid(x.value);
  return record(variable(y), [this, x, y](const Tensor& dy) { add_gradient(x, ops_.sigmoid_backward(y, dy)); });
}

Variable Tape::dropout(const Variable& x, float p, bool whole_channels) {
  if (!records() || p == 0)
    return x;
  const std::uint64_t seed = seed_++;
  return record(variable(ops_.dropout(x.value, p, whole_channels, seed)),
                [this, x, p, whole_channels, seed](const Tensor& dy) {
                  add_gradient(x, ops_.dropout(dy, p, whole_channels, seed));
                });
}

Variable Tape::circular_pad_h(const Variable& x, int extra) {
  return record(variable(ops_.circular_pad_h(x.value, extra)),
                [this, x, extra](const Tensor& dy) { add_gradient(x, ops_.circular_pad_h_backward(dy, extra)); });
}

Variable Tape::concat_channels(const Variable& a, const Variable& b) {
  return record(variable(ops_.concat_channels(a.value, b.value)), [this, a, b](const Tensor& dy) {
    add_gradient(a, ops_.slice_channels(dy, 0, a.shape().c));
    add_gradient(b, ops_.slice_channels(dy, a.shape().c, dy.shape.c));
  });
}

Variable Tape::slice_channels(const Variable& x, std::int64_t begin, std::int64_t end) {
  return record(variable(ops_.slice_channels(x.value, begin, end)), [this, x, begin](const Tensor& dy) {
    add_gradient(x, ops_.slice_channels_backward(dy, begin, x.shape().c));
  });
}

Variable Tape::add(const Variable& a, const Variable& b) {
  return record(variable(ops_.add(a.value, b.value)), [this, a, b](const Tensor& dy) {
    add_gradient(a, dy);
    add_gradient(b, a.shape() == b.shape() ? dy : ops_.sum_over_batch(dy));
  });
}

Variable Tape::reshape(const Variable& x, Shape shape) {
  return record(variable(x.value.reshaped(shape)),
                [this, x](const Tensor& dy) { add_gradient(x, dy.reshaped(x.shape())); });
}

Variable Tape::mean_over_w(const Variable& x) {
  return record(variable(ops_.mean_over_w(x.value)),
                [this, x](const Tensor& dy) { add_gradient(x, ops_.mean_over_w_backward(dy, x.shape().w)); });
}

Variable Tape::statistics_over_w(const Variable& x) {
  const Tensor y = ops_.statistics_over_w(x.value);
  return record(variable(y),
                [this, x, y](const Tensor& dy) { add_gradient(x, ops_.statistics_over_w_backward(x.value, y, dy)); });
}

Variable Tape::autocorrelation(const Variable& x) {
  const std::int64_t lags = x.shape().w;
  return record(variable(ops_.autocorrelation(x.value, lags)), [this, x, lags](const Tensor& dy) {
    add_gradient(x, ops_.autocorrelation_backward(x.value, dy, lags));
  });
}

Variable Tape::sample(const Variable& x, SamplePositions positions) {
  const Variable y = variable(ops_.sample(x.value, positions));
  return record(y, [this, x, positions = std::move(positions)](const Tensor& dy) {
    add_gradient(x, ops_.sample_backward(dy, positions, x.shape().w));
  });
}

Variable Tape::attend(const Variable& x, const Variable& logits) {
  return record(variable(ops_.attend(x.value, logits.value)), [this, x, logits](const Tensor& dy) {
    const LayerOps::AttendGradients gradients = ops_.attend_backward(x.value, logits.value, dy);
    add_gradient(x, gradients.x);
    add_gradient(logits, gradients.logits);
  });
}

double Tape::cross_entropy(const Variable& logits, const Tensor& targets, const Tensor& row_weight) {
  Tensor gradient;
  const double loss = ops_.cross_entropy(logits.value, targets, row_weight, gradient);
  add_gradient(logits, gradient);
  return loss;
}

double Tape::binary_cross_entropy(const Variable& logits, const Tensor& targets, std::span<const float> positive_weight,
                                  const Tensor& row_weight) {
  Tensor gradient;
  const double loss = ops_.binary_cross_entropy(logits.value, targets, positive_weight, row_weight, gradient);
  add_gradient(logits, gradient);
  return loss;
}

}  // namespace segue::audio
