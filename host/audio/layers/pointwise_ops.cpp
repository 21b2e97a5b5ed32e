#include <algorithm>
#include <bit>

#include "host/audio/layers/layer_kernels.hpp"
#include "host/audio/layers/layer_ops_cpu.hpp"
#include "host/audio/layers/parallel_planes.hpp"
#include "segue/audio/dropout_hash.hpp"

namespace segue::audio {

Tensor CpuLayerOps::elu(const Tensor& x) {
  Tensor y = make(x.shape);
  for_values(x.shape, [&](std::int64_t i, std::int64_t size) { kernels::elu(data(x) + i, data(y) + i, size); });
  return y;
}

Tensor CpuLayerOps::elu_backward(const Tensor& y, const Tensor& dy) {
  Tensor dx = make(y.shape);
  for_values(y.shape, [&](std::int64_t i, std::int64_t size) {
    kernels::elu_backward(data(y) + i, data(dy) + i, data(dx) + i, size);
  });
  return dx;
}

Tensor CpuLayerOps::sigmoid(const Tensor& x) {
  Tensor y = make(x.shape);
  for_values(x.shape, [&](std::int64_t i, std::int64_t size) { kernels::sigmoid(data(x) + i, data(y) + i, size); });
  return y;
}

Tensor CpuLayerOps::sigmoid_backward(const Tensor& y, const Tensor& dy) {
  Tensor dx = make(y.shape);
  for_values(y.shape, [&](std::int64_t i, std::int64_t size) {
    kernels::sigmoid_backward(data(y) + i, data(dy) + i, data(dx) + i, size);
  });
  return dx;
}

Tensor CpuLayerOps::dropout(const Tensor& x, float p, bool whole_channels, std::uint64_t seed) {
  const auto threshold = static_cast<std::uint32_t>(static_cast<double>(p) * 0x1p32);
  const float scale = 1 / (1 - p);
  Tensor y = make(x.shape);
  if (whole_channels) {
    const std::int64_t plane = x.shape.h * x.shape.w;
    for_planes(x.shape, [&](std::int64_t i) {
      const bool kept = dropout_hash(dropout_key(seed, 0), static_cast<std::uint32_t>(i)) >= threshold;
      kernels::affine(data(x) + i * plane, kept ? scale : 0.0f, 0.0f, data(y) + i * plane, plane);
    });
    return y;
  }
  static_assert(std::has_single_bit(static_cast<std::uint64_t>(kPieceFloats)), "a piece lies within 2³² elements");
  for_values(x.shape, [&](std::int64_t i, std::int64_t size) {
    const auto index = static_cast<std::uint64_t>(i);
    kernels::dropout(data(x) + i, dropout_key(seed, index >> 32), static_cast<std::uint32_t>(index), threshold, scale,
                     data(y) + i, size);
  });
  return y;
}

Tensor CpuLayerOps::add(const Tensor& a, const Tensor& b) {
  Tensor y = make(a.shape);
  const std::int64_t item = a.shape.size() / a.shape.n, b_step = b.shape.n == 1 ? 0 : item;
  for_rows(a.shape.n, item,
           [&](std::int64_t n) { kernels::add(data(a) + n * item, data(b) + n * b_step, data(y) + n * item, item); });
  return y;
}

Tensor CpuLayerOps::sum_over_batch(const Tensor& dy) {
  const std::int64_t item = dy.shape.size() / dy.shape.n;
  Tensor sum = make({1, dy.shape.c, dy.shape.h, dy.shape.w});
  std::copy_n(data(dy), item, data(sum));
  for (std::int64_t n = 1; n < dy.shape.n; ++n)
    kernels::add(data(sum), data(dy) + n * item, data(sum), item);
  return sum;
}

void CpuLayerOps::accumulate(Tensor& a, const Tensor& b) {
  for_values(a.shape,
             [&](std::int64_t i, std::int64_t size) { kernels::add(data(a) + i, data(b) + i, data(a) + i, size); });
}

double CpuLayerOps::squared_norm(const Tensor& x) {
  return parallel_sum(x.shape.size(), kPieceFloats, [&](std::int64_t begin, std::int64_t end) {
    return kernels::squared_norm(data(x) + begin, end - begin);
  });
}

void CpuLayerOps::adamw(Tensor& parameter, const Tensor& gradient, Tensor& first_moment, Tensor& second_moment,
                        const AdamWOptions& options) {
  for_values(parameter.shape, [&](std::int64_t i, std::int64_t size) {
    kernels::adamw(data(parameter) + i, data(gradient) + i, data(first_moment) + i, data(second_moment) + i, options,
                   size);
  });
}

}  // namespace segue::audio
