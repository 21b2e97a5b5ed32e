#pragma once

#include "cuda/audio/layers/block_reduce.cuh"

namespace segue::cuda::layers {

/// Targets add up to 1:  loss = log Σ exp(logit) − Σ target·logit,  gradient = softmax − target; by a block, a row.
struct CrossEntropy {
  const float *logits, *targets, *row_weight;
  std::int64_t size;
  float* gradient;
  double* losses;
  __device__ void operator()(std::int64_t row) const {
    const float* z = logits + row * size;
    const float* target = targets + row * size;
    float most = z[0];
    for (std::int64_t i = threadIdx.x; i < size; i += blockDim.x)
      most = fmaxf(most, z[i]);
    most = block_reduce(most, Larger{});
    double total = 0, expected = 0;
    for (std::int64_t i = threadIdx.x; i < size; i += blockDim.x) {
      const double logit = static_cast<double>(z[i]) - static_cast<double>(most);
      total += exp(logit);
      expected += static_cast<double>(target[i]) * logit;
    }
    total = block_reduce(total, Sum{});
    expected = block_reduce(expected, Sum{});
    const auto weight = static_cast<double>(row_weight[row]);
    for (std::int64_t i = threadIdx.x; i < size; i += blockDim.x) {
      const double p = exp(static_cast<double>(z[i]) - static_cast<double>(most)) / total;
      gradient[row * size + i] = static_cast<float>(weight * (p - static_cast<double>(target[i])));
    }
    if (threadIdx.x == 0)
      losses[row] = weight * (log(total) - expected);
  }
};

/// With s = sigmoid(z):  loss = −(positive·t·log s + (1 − t)·log(1 − s)), log s = −log(1 + e⁻ᶻ), log(1 − s) = log s −
/// z; by a block, a channel of an item.
struct BinaryCrossEntropy {
  const float *logits, *targets, *positive_weight, *row_weight;
  std::int64_t channels, size;
  float* gradient;
  double* losses;
  __device__ void operator()(std::int64_t plane) const {
    const auto positive = static_cast<double>(positive_weight[plane % channels]);
    const double weight = static_cast<double>(row_weight[plane / channels]) / static_cast<double>(channels * size);
    double loss = 0;
    for (std::int64_t i = plane * size + threadIdx.x; i < (plane + 1) * size; i += blockDim.x) {
      const auto z = static_cast<double>(logits[i]), t = static_cast<double>(targets[i]);
      const double decay = exp(-fabs(z)), log_sigmoid = fmin(z, 0.0) - log1p(decay);
      const double sigmoid = (z >= 0 ? 1 : decay) / (1 + decay);
      loss -= positive * t * log_sigmoid + (1 - t) * (log_sigmoid - z);
      gradient[i] = static_cast<float>(weight * ((1 - t) * sigmoid - positive * t * (1 - sigmoid)));
    }
    loss = block_reduce(loss, Sum{});
    if (threadIdx.x == 0)
      losses[plane] = weight * loss;
  }
};

/// By a block, a stretch of `size` values.
struct SquaredNorm {
  const float* x;
  std::int64_t count, size;
  double* sums;
  __device__ void operator()(std::int64_t stretch) const {
    const std::int64_t first = stretch * size, here = count - first < size ? count - first : size;
    const double sum = block_sum(here, [&](std::int64_t i) { return x[first + i] * x[first + i]; });
    if (threadIdx.x == 0)
      sums[stretch] = sum;
  }
};

}  // namespace segue::cuda::layers
