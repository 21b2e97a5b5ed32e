#include "cuda/audio/layers/layer_ops.hpp"
#include "cuda/audio/layers/map.cuh"
#include "cuda/audio/layers/sequence_kernel.cuh"

namespace segue::cuda {
namespace {

std::int64_t rows_of(const Tensor& x) {
  return x.shape.n * x.shape.c;
}

/// For each value of a row of w the samples that it is in, ascending, and its weight there.
struct Inverse {
  std::vector<std::int32_t> offsets, samples;
  std::vector<float> weights;
};

Inverse inverse_of(const std::vector<float>& at, std::int64_t w) {
  std::vector<std::vector<std::pair<std::int32_t, float>>> uses(static_cast<std::size_t>(w));
  for (std::size_t k = 0; k < at.size(); ++k) {
    if (!(at[k] >= 0))
      continue;
    const auto left = static_cast<std::size_t>(at[k]);
    const float right_weight = at[k] - static_cast<float>(left);
    uses[left].emplace_back(static_cast<std::int32_t>(k), 1 - right_weight);
    if (right_weight > 0)
      uses[left + 1].emplace_back(static_cast<std::int32_t>(k), right_weight);
  }
  Inverse inverse{{0}, {}, {}};
  for (const auto& of_value : uses) {
    for (const auto& [sample, weight] : of_value) {
      inverse.samples.push_back(sample);
      inverse.weights.push_back(weight);
    }
    inverse.offsets.push_back(static_cast<std::int32_t>(inverse.samples.size()));
  }
  return inverse;
}

}  // namespace

const DevicePositions& CudaLayerOps::positions_of(const SamplePositions& positions, std::int64_t w) {
  constexpr std::size_t kMost = 64;
  const auto key = std::pair(positions.at, w);
  if (const auto found = positions_.find(key); found != positions_.end())
    return found->second;
  if (positions_.size() >= kMost)
    positions_.clear();
  const Inverse inverse = inverse_of(positions.at, w);
  const cudaStream_t stream = context_.stream();
  DevicePositions on_device{DeviceBuffer<float>(std::span<const float>(positions.at), stream),
                            DeviceBuffer<std::int32_t>(std::span<const std::int32_t>(inverse.offsets), stream),
                            DeviceBuffer<std::int32_t>(std::span<const std::int32_t>(inverse.samples), stream),
                            DeviceBuffer<float>(std::span<const float>(inverse.weights), stream)};
  context_.synchronize();
  return positions_.emplace(key, std::move(on_device)).first->second;
}

Tensor CudaLayerOps::statistics_over_w(const Tensor& x) {
  const std::int64_t w = x.shape.w;
  Tensor y = make({x.shape.n, 3 * x.shape.c, 1, 1});
  launch_rows(context_, rows_of(x), w, layers::Statistics{data(x), x.shape.c, w, data(y)});
  return y;
}

Tensor CudaLayerOps::statistics_over_w_backward(const Tensor& x, const Tensor& y, const Tensor& dy) {
  const std::int64_t w = x.shape.w;
  Tensor dx = make(x.shape);
  launch_rows(context_, rows_of(x), w, layers::StatisticsBackward{data(x), data(y), data(dy), x.shape.c, w, data(dx)});
  return dx;
}

Tensor CudaLayerOps::centred(const Tensor& x) {
  Tensor a = make(x.shape);
  launch_rows(context_, rows_of(x), x.shape.w, layers::Centre{data(x), x.shape.w, data(a)});
  return a;
}

Tensor CudaLayerOps::autocorrelate(const Tensor& a, std::int64_t lags) {
  Tensor r = make({a.shape.n, a.shape.c, 1, lags});
  launch_planes(context_, rows_of(a), lags, layers::Autocorrelate{data(a), a.shape.w, lags, data(r)});
  return r;
}

Tensor CudaLayerOps::autocorrelation(const Tensor& x, std::int64_t lags) {
  const Tensor r = autocorrelate(centred(x), lags);
  Tensor y = make(r.shape);
  launch_planes(context_, rows_of(x), lags, layers::NormalizeLags{data(r), x.shape.w, lags, data(y)});
  return y;
}

Tensor CudaLayerOps::autocorrelation_backward(const Tensor& x, const Tensor& dy, std::int64_t lags) {
  const Tensor a = centred(x), r = autocorrelate(a, lags);
  const Tensor dr = make(r.shape);
  Tensor dx = make(x.shape);
  const std::int64_t w = x.shape.w;
  launch_rows(context_, rows_of(x), lags, layers::LagGradients{data(r), data(dy), w, lags, data(dr)});
  launch_planes(context_, rows_of(x), w, layers::AutocorrelateBackward{data(a), data(dr), w, lags, data(dx)});
  launch_rows(context_, rows_of(x), w, layers::Centre{data(dx), w, data(dx)});
  return dx;
}

Tensor CudaLayerOps::sample(const Tensor& x, const SamplePositions& positions) {
  const std::int64_t count = std::ssize(positions.at);
  Tensor y = make({x.shape.n, x.shape.c, 1, count});
  const DevicePositions& at = positions_of(positions, x.shape.w);
  launch_planes(context_, rows_of(x), count, layers::Sample{data(x), at.at.data(), x.shape.w, count, data(y)});
  return y;
}

Tensor CudaLayerOps::sample_backward(const Tensor& dy, const SamplePositions& positions, std::int64_t w) {
  Tensor dx = make({dy.shape.n, dy.shape.c, 1, w});
  const DevicePositions& at = positions_of(positions, w);
  launch_planes(context_, rows_of(dy), w,
                layers::SampleBackward{data(dy), at.offsets.data(), at.samples.data(), at.weights.data(), w, dy.shape.w,
                                       data(dx)});
  return dx;
}

Tensor CudaLayerOps::softmax(const Tensor& logits) {
  Tensor p = make(logits.shape);
  launch_rows(context_, logits.shape.n, logits.shape.w, layers::Softmax{data(logits), logits.shape.w, data(p)});
  return p;
}

Tensor CudaLayerOps::attend(const Tensor& x, const Tensor& logits) {
  const Tensor p = softmax(logits);
  Tensor y = make({x.shape.n, x.shape.c, 1, 1});
  launch_rows(context_, rows_of(x), x.shape.w, layers::Attend{data(x), data(p), x.shape.c, x.shape.w, data(y)});
  return y;
}

audio::LayerOps::AttendGradients CudaLayerOps::attend_backward(const Tensor& x, const Tensor& logits,
                                                               const Tensor& dy) {
  const Tensor p = softmax(logits);
  AttendGradients gradients{make(x.shape), make(logits.shape)};
  launch_rows(context_, x.shape.n, x.shape.w,
              layers::AttendBackward{data(x), data(p), data(dy), x.shape.c, x.shape.w, data(gradients.x),
                                     data(gradients.logits)});
  return gradients;
}

}  // namespace segue::cuda
