#include "host/audio/network/parameters.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "host/audio/network/stream_of.hpp"
#include "segue/core/error.hpp"
#include "segue/core/random.hpp"

namespace segue::audio {
namespace {

constexpr float kNormEpsilon = 1e-5f;  // as LayerOps::batch_norm() has it

std::string to_string(Shape shape) {
  return fmt::format("[{}, {}, {}, {}]", shape.n, shape.c, shape.h, shape.w);
}

WeightTensor downloaded(LayerOps& ops, const Tensor& tensor) {
  WeightTensor copy{tensor.shape, std::vector<float>(static_cast<std::size_t>(tensor.shape.size()))};
  ops.download(tensor, copy.values);
  return copy;
}

}  // namespace

const WeightTensor& require_tensor(const Weights& weights, const std::string& name, Shape shape) {
  const auto found = weights.tensors.find(name);
  if (found == weights.tensors.end())
    throw BadInput(fmt::format("the weights have no tensor {} {}: they are of another network or version", name,
                               to_string(shape)));
  if (found->second.shape != shape)
    throw BadInput(fmt::format("the weights' tensor {} is {}, expected {}: they are of another network or version",
                               name, to_string(found->second.shape), to_string(shape)));
  if (!std::ranges::all_of(found->second.values, [](float value) { return std::isfinite(value); }))
    throw BadInput(fmt::format("the weights' tensor {} has values that are not finite: the file is damaged", name));
  return found->second;
}

Tensor Parameters::begin(const std::string& name, Shape shape, Initial initial) {
  if (restored_.tensors.contains(name))
    return ops_.upload(shape, require_tensor(restored_, name, shape).values);
  std::vector<float> values(static_cast<std::size_t>(shape.size()), initial.constant);
  if (initial.bound > 0) {
    Random random(seed_, stream_of(name));
    for (float& value : values)
      value = initial.bound * static_cast<float>(2 * random.uniform() - 1);
  }
  return ops_.upload(shape, values);
}

Parameter& Parameters::trained(const std::string& name, Shape shape, Initial initial, bool decays) {
  const auto [entry, is_new] = trained_.try_emplace(name);
  Parameter& parameter = entry->second;
  if (is_new) {
    parameter.value = begin(name, shape, initial);
    parameter.first_moment = begin("first_moment." + name, shape, {});
    parameter.second_moment = begin("second_moment." + name, shape, {});
    parameter.decays = decays;
  }
  return parameter;
}

Tensor& Parameters::running(const std::string& name, Shape shape, float initial) {
  const auto [entry, is_new] = running_.try_emplace(name);
  if (is_new)
    entry->second = begin(name, shape, {.constant = initial});
  return entry->second;
}

std::vector<std::string> Parameters::names() const {
  std::vector<std::string> names;
  for (const auto& [name, parameter] : trained_)
    names.push_back(name);
  return names;
}

double Parameters::gradient_norm() {
  double sum = 0;
  for (const auto& [name, parameter] : trained_)
    if (parameter.gradient)
      sum += ops_.squared_norm(parameter.gradient);
  return std::sqrt(sum);
}

void Parameters::adamw(const LayerOps::AdamWOptions& options) {
  for (auto& [name, parameter] : trained_) {
    if (!parameter.gradient)
      continue;
    LayerOps::AdamWOptions own = options;
    if (!parameter.decays)
      own.weight_decay = 0;
    ops_.adamw(parameter.value, parameter.gradient, parameter.first_moment, parameter.second_moment, own);
    parameter.gradient = {};
  }
}

void Parameters::save(Weights& weights) const {
  for (const auto& [name, parameter] : trained_)
    weights.tensors[name] = downloaded(ops_, parameter.value);
  for (const auto& [name, tensor] : running_)
    weights.tensors[name] = downloaded(ops_, tensor);
}

void Parameters::save_moments(Weights& weights) const {
  for (const auto& [name, parameter] : trained_) {
    weights.tensors["first_moment." + name] = downloaded(ops_, parameter.first_moment);
    weights.tensors["second_moment." + name] = downloaded(ops_, parameter.second_moment);
  }
}

FoldedParameters::Norm FoldedParameters::fold(const std::string& name, std::int64_t channels) const {
  const Shape shape{1, channels, 1, 1};
  const std::vector<float>& scale = require_tensor(weights_, name + ".scale", shape).values;
  const std::vector<float>& shift = require_tensor(weights_, name + ".shift", shape).values;
  const std::vector<float>& mean = require_tensor(weights_, name + ".mean", shape).values;
  const std::vector<float>& variance = require_tensor(weights_, name + ".variance", shape).values;
  Norm norm;
  for (std::size_t c = 0; c < scale.size(); ++c) {
    norm.scale.push_back(scale[c] / std::sqrt(variance[c] + kNormEpsilon));
    norm.shift.push_back(shift[c] - mean[c] * norm.scale[c]);
  }
  return norm;
}

const FoldedParameters::Pair& FoldedParameters::convolution(const std::string& name, Shape shape, bool normalised) {
  if (const auto found = pairs_.find(name); found != pairs_.end())
    return found->second;
  std::vector<float> weights = require_tensor(weights_, name + ".weight", shape).values;
  const Shape by_output{1, shape.n, 1, 1};
  std::vector<float> bias;
  if (normalised) {
    Norm norm = fold(name + ".norm", shape.n);
    const std::size_t each = weights.size() / norm.scale.size();
    for (std::size_t i = 0; i < weights.size(); ++i)
      weights[i] *= norm.scale[i / each];
    bias = std::move(norm.shift);
  } else {
    bias = require_tensor(weights_, name + ".bias", by_output).values;
  }
  return pairs_[name] = {ops_.upload(shape, weights), ops_.upload(by_output, bias)};
}

const FoldedParameters::Pair& FoldedParameters::norm(const std::string& name, std::int64_t channels) {
  if (const auto found = pairs_.find(name); found != pairs_.end())
    return found->second;
  const Norm norm = fold(name, channels);
  const Shape shape{1, channels, 1, 1};
  return pairs_[name] = {ops_.upload(shape, norm.scale), ops_.upload(shape, norm.shift)};
}

const Tensor& FoldedParameters::tensor(const std::string& name, Shape shape) {
  Tensor& tensor = tensors_[name];
  if (!tensor)
    tensor = ops_.upload(shape, require_tensor(weights_, name, shape).values);
  return tensor;
}

}  // namespace segue::audio
