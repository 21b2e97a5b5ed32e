#include <algorithm>

#include "host/audio/layers/layer_kernels.hpp"
#include "host/audio/layers/layer_ops_cpu.hpp"
#include "host/audio/layers/parallel_planes.hpp"

namespace segue::audio {

Tensor CpuLayerOps::max_pool_h(const Tensor& x, int factor) {
  const auto [n, c, h, w] = x.shape;
  Tensor y = make({n, c, h / factor, w});
  for_planes(x.shape, [&](std::int64_t i) {
    kernels::max_pool(data(x) + i * h * w, {factor, h / factor, w}, data(y) + i * (h / factor) * w);
  });
  return y;
}

Tensor CpuLayerOps::max_pool_h_backward(const Tensor& x, const Tensor& y, const Tensor& dy, int factor) {
  const auto [n, c, h, w] = x.shape;
  Tensor dx = make(x.shape);
  const std::int64_t rows = h / factor;
  for_planes(x.shape, [&](std::int64_t i) {
    float* plane = data(dx) + i * h * w;
    kernels::max_pool_backward(data(x) + i * h * w, data(y) + i * rows * w, data(dy) + i * rows * w, {factor, rows, w},
                               plane);
    std::fill(plane + rows * factor * w, plane + h * w, 0.0f);
  });
  return dx;
}

Tensor CpuLayerOps::circular_pad_h(const Tensor& x, int extra) {
  const auto [n, c, h, w] = x.shape;
  Tensor y = make({n, c, h + extra, w});
  for_planes(x.shape, [&](std::int64_t i) {
    const float* from = data(x) + i * h * w;
    std::copy_n(from, extra * w, std::copy_n(from, h * w, data(y) + i * (h + extra) * w));
  });
  return y;
}

Tensor CpuLayerOps::circular_pad_h_backward(const Tensor& dy, int extra) {
  const auto [n, c, padded, w] = dy.shape;
  const std::int64_t h = padded - extra;
  Tensor dx = make({n, c, h, w});
  for_planes(dy.shape, [&](std::int64_t i) {
    const float* from = data(dy) + i * padded * w;
    float* to = data(dx) + i * h * w;
    kernels::add(from, from + h * w, to, extra * w);
    std::copy(from + extra * w, from + h * w, to + extra * w);
  });
  return dx;
}

Tensor CpuLayerOps::concat_channels(const Tensor& a, const Tensor& b) {
  const auto [n, c, h, w] = a.shape;
  Tensor y = make({n, c + b.shape.c, h, w});
  const std::int64_t a_item = c * h * w, b_item = b.shape.c * h * w;
  for_rows(n, a_item + b_item, [&](std::int64_t i) {
    std::copy_n(data(b) + i * b_item, b_item,
                std::copy_n(data(a) + i * a_item, a_item, data(y) + i * (a_item + b_item)));
  });
  return y;
}

Tensor CpuLayerOps::slice_channels(const Tensor& x, std::int64_t begin, std::int64_t end) {
  const auto [n, c, h, w] = x.shape;
  Tensor y = make({n, end - begin, h, w});
  const std::int64_t plane = h * w, item = (end - begin) * plane;
  for_rows(n, item,
           [&](std::int64_t i) { std::copy_n(data(x) + (i * x.shape.c + begin) * plane, item, data(y) + i * item); });
  return y;
}

Tensor CpuLayerOps::slice_channels_backward(const Tensor& dy, std::int64_t begin, std::int64_t channels) {
  const auto [n, c, h, w] = dy.shape;
  Tensor dx = make({n, channels, h, w});
  const std::int64_t plane = h * w, item = c * plane;
  for_rows(n, channels * plane, [&](std::int64_t i) {
    float* to = data(dx) + i * channels * plane;
    std::fill_n(to, begin * plane, 0.0f);
    std::copy_n(data(dy) + i * item, item, to + begin * plane);
    std::fill(to + begin * plane + item, to + channels * plane, 0.0f);
  });
  return dx;
}

Tensor CpuLayerOps::mean_over_w(const Tensor& x) {
  const auto [n, c, h, w] = x.shape;
  Tensor y = make({n, c, h, 1});
  for_rows(n * c * h, w, [&](std::int64_t i) {
    data(y)[i] = static_cast<float>(kernels::sum(data(x) + i * x.shape.w, x.shape.w) / static_cast<double>(x.shape.w));
  });
  return y;
}

Tensor CpuLayerOps::mean_over_w_backward(const Tensor& dy, std::int64_t w) {
  const auto [n, c, h, one] = dy.shape;
  Tensor dx = make({n, c, h, w});
  for_rows(n * c * h, w,
           [&](std::int64_t i) { std::fill_n(data(dx) + i * w, w, data(dy)[i] / static_cast<float>(w)); });
  return dx;
}

}  // namespace segue::audio
