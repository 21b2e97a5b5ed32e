#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "host/audio/network/parameters.hpp"
#include "segue/audio/layer_ops.hpp"

namespace segue::audio {

/// A value of a branch and, when it is trained, the gradient of the loss by it.
struct Variable {
  Tensor value;
  std::shared_ptr<Tensor> gradient;  ///< null in inference and of inputs; empty until the backward pass comes by

  const Shape& shape() const { return value.shape; }
};

/// A convolution with what follows it: batch norm, activation, and the largest of each `pool_h` along the height.
struct Convolution {
  std::string name;
  Shape weights;  ///< [c_out, c_in/groups, kh, kw]
  ConvolutionOptions options;
  bool normalised = false;  ///< goes with elu
  Activation activation = Activation::none;
  int pool_h = 1;  ///< goes with a norm
};

/// What a branch is written in, once for training and for inference. In training each operation leaves its backward on
/// the tape (Wengert 1964), batch norm goes by the batch, and dropout drops. In inference nothing is kept, batch norm
/// is folded into the convolution before it, activations are fused, and dropout does nothing.
class Tape {
 public:
  /// @param seed  of dropout
  Tape(LayerOps& ops, Parameters& parameters, std::uint64_t seed) : ops_(ops), trained_(&parameters), seed_(seed) {}
  Tape(LayerOps& ops, FoldedParameters& parameters) : ops_(ops), folded_(&parameters) {}

  /// Has no gradient.
  Variable input(const Tensor& value) { return {value, nullptr}; }
  /// A parameter that is added rather than convolved with; begins at 0.
  Variable parameter(const std::string& name, Shape shape);

  Variable convolution(const Convolution& layer, const Variable& x);
  /// Batch norm that no convolution stands before.
  Variable norm(const std::string& name, const Variable& x);
  Variable elu(const Variable& x);
  Variable sigmoid(const Variable& x);
  Variable dropout(const Variable& x, float p, bool whole_channels);
  Variable circular_pad_h(const Variable& x, int extra);
  Variable concat_channels(const Variable& a, const Variable& b);
  Variable slice_channels(const Variable& x, std::int64_t begin, std::int64_t end);
  Variable add(const Variable& a, const Variable& b);
  Variable reshape(const Variable& x, Shape shape);
  Variable mean_over_w(const Variable& x);
  Variable statistics_over_w(const Variable& x);
  Variable autocorrelation(const Variable& x);
  Variable sample(const Variable& x, SamplePositions positions);
  Variable attend(const Variable& x, const Variable& logits);

  /// Losses: their value; their gradient goes to the logits.
  double cross_entropy(const Variable& logits, const Tensor& targets, const Tensor& row_weight);
  double binary_cross_entropy(const Variable& logits, const Tensor& targets, std::span<const float> positive_weight,
                              const Tensor& row_weight);
  /// From the losses to the parameters, whose gradients are written. Once a tape.
  void backward();

 private:
  bool records() const { return trained_ != nullptr; }
  Variable variable(Tensor value) const { return {std::move(value), records() ? std::make_shared<Tensor>() : nullptr}; }
  void add_gradient(const Variable& x, const Tensor& gradient);
  /// backward(dy) is kept, in training, and is called when y's gradient is known, unless nothing depends on y.
  template <class Backward>
  Variable record(const Variable& y, Backward&& backward) {
    if (records())
      steps_.push_back([gradient = y.gradient, backward = std::forward<Backward>(backward)] {
        if (*gradient)
          backward(*gradient);
      });
    return y;
  }

  /// Batch norm's parameters in training.
  struct Norm {
    Parameter &scale, &shift;
    Tensor &mean, &variance;
  };
  Norm norm_parameters(const std::string& name, std::int64_t channels);
  Variable trained_convolution(const Convolution& layer, const Variable& x);
  Variable trained_norm(const std::string& name, const Variable& x);
  Variable trained_norm_elu_pool(const std::string& name, const Variable& x, int factor);

  LayerOps& ops_;
  Parameters* trained_ = nullptr;
  FoldedParameters* folded_ = nullptr;
  std::uint64_t seed_ = 0;
  std::vector<std::function<void()>> steps_;
};

}  // namespace segue::audio
