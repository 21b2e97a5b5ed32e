#include "cuda/audio/layers/layer_ops.hpp"
#include "cuda/audio/layers/map.cuh"
#include "cuda/audio/layers/pooling_kernel.cuh"

namespace segue::cuda {

Tensor CudaLayerOps::max_pool_h(const Tensor& x, int factor) {
  const auto [n, c, h, w] = x.shape;
  Tensor y = make({n, c, h / factor, w});
  const layers::Pooling pooling{factor, h / factor, w, h * w};
  launch_planes(context_, n * c, h / factor * w, layers::MaxPool{data(x), pooling, data(y)});
  return y;
}

Tensor CudaLayerOps::max_pool_h_backward(const Tensor& x, const Tensor& y, const Tensor& dy, int factor) {
  const auto [n, c, h, w] = x.shape;
  Tensor dx = h % factor == 0 ? make(x.shape) : zeros(x.shape);  // 0 in the rows that were dropped
  const layers::Pooling pooling{factor, h / factor, w, h * w};
  launch_planes(context_, n * c, h / factor * w,
                layers::MaxPoolBackward{data(x), data(y), data(dy), pooling, data(dx)});
  return dx;
}

Tensor CudaLayerOps::circular_pad_h(const Tensor& x, int extra) {
  const auto [n, c, h, w] = x.shape;
  Tensor y = make({n, c, h + extra, w});
  launch_planes(context_, n * c, (h + extra) * w, layers::CircularPad{data(x), h * w, (h + extra) * w, data(y)});
  return y;
}

Tensor CudaLayerOps::circular_pad_h_backward(const Tensor& dy, int extra) {
  const auto [n, c, padded, w] = dy.shape;
  Tensor dx = make({n, c, padded - extra, w});
  launch_planes(context_, n * c, (padded - extra) * w,
                layers::CircularPadBackward{data(dy), (padded - extra) * w, padded * w, data(dx)});
  return dx;
}

Tensor CudaLayerOps::concat_channels(const Tensor& a, const Tensor& b) {
  const auto [n, c, h, w] = a.shape;
  Tensor y = make({n, c + b.shape.c, h, w});
  const std::int64_t a_item = c * h * w, b_item = b.shape.c * h * w;
  launch_planes(context_, n, a_item, layers::CopyItems{data(a), a_item, data(y), a_item + b_item});
  launch_planes(context_, n, b_item, layers::CopyItems{data(b), b_item, data(y) + a_item, a_item + b_item});
  return y;
}

Tensor CudaLayerOps::slice_channels(const Tensor& x, std::int64_t begin, std::int64_t end) {
  const auto [n, c, h, w] = x.shape;
  Tensor y = make({n, end - begin, h, w});
  const std::int64_t item = (end - begin) * h * w;
  launch_planes(context_, n, item, layers::CopyItems{data(x) + begin * h * w, c * h * w, data(y), item});
  return y;
}

Tensor CudaLayerOps::slice_channels_backward(const Tensor& dy, std::int64_t begin, std::int64_t channels) {
  const auto [n, c, h, w] = dy.shape;
  Tensor dx = zeros({n, channels, h, w});
  launch_planes(context_, n, c * h * w,
                layers::CopyItems{data(dy), c * h * w, data(dx) + begin * h * w, channels * h * w});
  return dx;
}

Tensor CudaLayerOps::mean_over_w(const Tensor& x) {
  const auto [n, c, h, w] = x.shape;
  Tensor y = make({n, c, h, 1});
  launch_rows(context_, n * c * h, w, layers::RowMean{data(x), w, static_cast<double>(w), data(y)});
  return y;
}

Tensor CudaLayerOps::mean_over_w_backward(const Tensor& dy, std::int64_t w) {
  const auto [n, c, h, one] = dy.shape;
  Tensor dx = make({n, c, h, w});
  launch_planes(context_, n * c * h, w, layers::SpreadMean{data(dy), w, data(dx)});
  return dx;
}

}  // namespace segue::cuda
