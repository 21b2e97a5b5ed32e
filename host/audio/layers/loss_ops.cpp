#include <algorithm>
#include <cmath>
#include <vector>

#include "host/audio/layers/layer_ops_cpu.hpp"
#include "host/audio/layers/parallel_planes.hpp"

namespace segue::audio {

// Targets add up to 1:  loss = log Σ exp(logit) − Σ target·logit,  gradient = softmax − target.
double CpuLayerOps::cross_entropy(const Tensor& logits, const Tensor& targets, const Tensor& row_weight,
                                  Tensor& gradient) {
  gradient = make(logits.shape);
  const std::int64_t classes = logits.shape.size() / logits.shape.n;
  return parallel_sum(logits.shape.n, 1, [&](std::int64_t n, std::int64_t) {
    const float* row = data(logits) + n * classes;
    const float* target = data(targets) + n * classes;
    const double weight = static_cast<double>(data(row_weight)[n]);
    const double most = static_cast<double>(*std::max_element(row, row + classes));
    double total = 0, expected = 0;
    std::vector<double> p(static_cast<std::size_t>(classes));
    for (std::int64_t k = 0; k < classes; ++k) {
      const double logit = static_cast<double>(row[k]) - most;
      expected += static_cast<double>(target[k]) * logit;
      total += p[static_cast<std::size_t>(k)] = std::exp(logit);
    }
    for (std::int64_t k = 0; k < classes; ++k)
      data(gradient)[n * classes + k] =
          static_cast<float>(weight * (p[static_cast<std::size_t>(k)] / total - static_cast<double>(target[k])));
    return weight * (std::log(total) - expected);
  });
}

// With s = sigmoid(z):  loss = −(positive·t·log s + (1 − t)·log(1 − s)), log s = −log(1 + e⁻ᶻ), log(1 − s) = log s − z.
double CpuLayerOps::binary_cross_entropy(const Tensor& logits, const Tensor& targets,
                                         std::span<const float> positive_weight, const Tensor& row_weight,
                                         Tensor& gradient) {
  gradient = make(logits.shape);
  const auto [n, c, h, w] = logits.shape;
  const std::int64_t plane = h * w, channels = c;
  return parallel_sum(n * c, 1, [&](std::int64_t i, std::int64_t) {
    const double positive = static_cast<double>(positive_weight[static_cast<std::size_t>(i % channels)]);
    const double weight = static_cast<double>(data(row_weight)[i / channels]) / static_cast<double>(channels * plane);
    double loss = 0;
    for (std::int64_t k = i * plane; k < (i + 1) * plane; ++k) {
      const double z = static_cast<double>(data(logits)[k]), t = static_cast<double>(data(targets)[k]);
      const double decay = std::exp(-std::abs(z));
      const double log_sigmoid = std::min(z, 0.0) - std::log1p(decay);
      const double sigmoid = (z >= 0 ? 1 : decay) / (1 + decay);
      loss -= positive * t * log_sigmoid + (1 - t) * (log_sigmoid - z);
      data(gradient)[k] = static_cast<float>(weight * ((1 - t) * sigmoid - positive * t * (1 - sigmoid)));
    }
    return weight * loss;
  });
}

}  // namespace segue::audio
