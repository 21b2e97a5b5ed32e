#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "segue/audio/layer_ops.hpp"
#include "segue/audio/weights.hpp"

namespace segue::audio {

struct Parameter {
  Tensor value, first_moment, second_moment;
  Tensor gradient;     ///< of the last backward pass; empty where it did not come by
  bool decays = true;  ///< weight decay: not for biases and norms
};

/// How a parameter begins: uniform in ±bound, or a constant.
struct Initial {
  float bound = 0;
  float constant = 0;
};

/// What is trained, on a device, by name. Parameters are made when they are first asked for, their values a function of
/// (seed, name), or taken from weights.
class Parameters {
 public:
  Parameters(LayerOps& ops, std::uint64_t seed) : ops_(ops), seed_(seed) {}

  Parameter& trained(const std::string& name, Shape shape, Initial initial, bool decays);
  /// A running statistic of batch norm.
  Tensor& running(const std::string& name, Shape shape, float initial);

  std::vector<std::string> names() const;
  /// One that has been made.
  Parameter& at(const std::string& name) { return trained_.at(name); }
  /// ‖gradient‖ over all parameters.
  double gradient_norm();
  void adamw(const LayerOps::AdamWOptions& options);

  /// Values and running statistics.
  void save(Weights& weights) const;
  /// What a checkpoint has beside save(): the moments, under "first_moment." and "second_moment.".
  void save_moments(Weights& weights) const;
  /// Everything that is made from here on begins with these values where they are there, moments too.
  void restore(Weights weights) { restored_ = std::move(weights); }

 private:
  Tensor begin(const std::string& name, Shape shape, Initial initial);

  LayerOps& ops_;
  std::uint64_t seed_;
  Weights restored_;
  std::map<std::string, Parameter> trained_;
  std::map<std::string, Tensor> running_;
};

/// The parameters of inference, on a device: taken from weights when first asked for, with batch norm folded into the
/// convolution before it,
///     y = s·(w∗x − μ)/√(σ² + ε) + t  =  (w·k)∗x + (t − μ·k),  k = s/√(σ² + ε).
class FoldedParameters {
 public:
  struct Pair {
    Tensor weights, bias;  ///< or scale and shift
  };

  FoldedParameters(LayerOps& ops, const Weights& weights) : ops_(ops), weights_(weights) {}

  /// @throws BadInput  a tensor is missing or has another shape
  const Pair& convolution(const std::string& name, Shape shape, bool normalised);
  const Pair& norm(const std::string& name, std::int64_t channels);
  const Tensor& tensor(const std::string& name, Shape shape);

 private:
  struct Norm {
    std::vector<float> scale, shift;
  };
  Norm fold(const std::string& name, std::int64_t channels) const;

  LayerOps& ops_;
  const Weights& weights_;
  std::map<std::string, Pair> pairs_;
  std::map<std::string, Tensor> tensors_;
};

/// @throws BadInput  missing, of another shape (both are named), or with values that are not finite
const WeightTensor& require_tensor(const Weights& weights, const std::string& name, Shape shape);

}  // namespace segue::audio
