// cuda/audio/layers/convolution.hpp by plain loops, on the interpreter's device memory.
#include "cuda/audio/layers/convolution.hpp"

#include <algorithm>
#include <vector>

#include "cuda/core/kernel.hpp"
#include "tests/simt/library/open_memory.hpp"

namespace segue::cuda {
namespace {

using audio::Shape;

/// body(index into y, into weights, into x) for each product.
template <class Body>
void each_product(const ConvolutionSizes& sizes, Body body) {
  const auto& [x, w, o] = sizes;
  const Shape y = sizes.y();
  for (std::int64_t plane = 0; plane < y.n * y.c; ++plane)
    for (std::int64_t tap = 0; tap < w.c * w.h * w.w; ++tap) {
      const std::int64_t out = plane % y.c, channel = out / (y.c / o.groups) * w.c + tap / (w.h * w.w);
      const std::int64_t down = tap / w.w % w.h * o.dilation_h - o.pad_h, right = tap % w.w * o.dilation_w - o.pad_w;
      for (std::int64_t h = std::max<std::int64_t>(0, -down); h < std::min(y.h, x.h - down); ++h)
        for (std::int64_t v = std::max<std::int64_t>(0, -right); v < std::min(y.w, x.w - right); ++v)
          body((plane * y.h + h) * y.w + v, out * w.c * w.h * w.w + tap,
               ((plane / y.c * x.c + channel) * x.h + h + down) * x.w + v + right);
    }
}

}  // namespace

class Convolutions::Library {};

Convolutions::Convolutions(const CudaContext&) {}
Convolutions::~Convolutions() = default;

void Convolutions::forward(const ConvolutionSizes& sizes, const float* x, const float* weights, float* y) {
  const OpenMemory open;
  std::fill_n(y, sizes.y().size(), 0.0f);
  each_product(sizes, [&](std::int64_t i, std::int64_t tap, std::int64_t from) { y[i] += weights[tap] * x[from]; });
}

void Convolutions::forward_float16(const ConvolutionSizes& sizes, const void* x, const void* weights, void* y) {
  const OpenMemory open;
  std::vector<float> sums(static_cast<std::size_t>(sizes.y().size()));
  each_product(sizes, [&](std::int64_t i, std::int64_t tap, std::int64_t from) {
    sums[static_cast<std::size_t>(i)] +=
        __half2float(static_cast<const __half*>(weights)[tap]) * __half2float(static_cast<const __half*>(x)[from]);
  });
  std::ranges::transform(sums, static_cast<__half*>(y), [](float sum) { return __float2half(sum); });
}

void Convolutions::backward_input(const ConvolutionSizes& sizes, const float* dy, const float* weights, float* dx) {
  const OpenMemory open;
  std::fill_n(dx, sizes.x.size(), 0.0f);
  each_product(sizes, [&](std::int64_t i, std::int64_t tap, std::int64_t from) { dx[from] += weights[tap] * dy[i]; });
}

void Convolutions::backward_weights(const ConvolutionSizes& sizes, const float* x, const float* dy, float* d_weights) {
  const OpenMemory open;
  std::fill_n(d_weights, sizes.weights.size(), 0.0f);
  each_product(sizes, [&](std::int64_t i, std::int64_t tap, std::int64_t from) { d_weights[tap] += dy[i] * x[from]; });
}

}  // namespace segue::cuda
