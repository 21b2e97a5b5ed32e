#include <algorithm>
#include <cmath>

#include "host/audio/layers/layer_kernels.hpp"
#include "host/audio/layers/layer_ops_cpu.hpp"
#include "host/audio/layers/parallel_planes.hpp"
#include "segue/core/aligned.hpp"
#include "segue/core/parallel.hpp"

namespace segue::audio {
namespace {

/// So many items of the batch make a piece that is worth a task: 4 MFLOP take 20–60 µs.
std::int64_t piece_of(const Shape& weights, const Shape& y) {
  constexpr double kPieceFlops = 4e6;
  const double flops = 2.0 * static_cast<double>(weights.c * weights.h * weights.w * y.c * y.h * y.w);
  return std::clamp<std::int64_t>(static_cast<std::int64_t>(std::ceil(kPieceFlops / flops)), 1, y.n);
}

/// The same for items [begin, end) of the batch.
ConvolutionShape piece(ConvolutionShape whole, std::int64_t begin, std::int64_t end) {
  whole.x.n = whole.y.n = end - begin;
  return whole;
}

std::int64_t item_size(const Shape& shape) {
  return shape.c * shape.h * shape.w;
}

/// oneDNN's kernels take dilations whose padding is short; others go to a product of matrices, three times as slow.
/// Over a row cut into rows of `dilation` values, taps lie below one another, and no longer apart.
bool worth_folding(const ConvolutionShape& shape) {
  const ConvolutionOptions& o = shape.options;
  return shape.x.h == 1 && shape.weights.h == 1 && o.dilation_w >= 8 && o.pad_w % o.dilation_w == 0 &&
         shape.x.w == shape.y.w;
}

ConvolutionOptions folded(ConvolutionOptions options) {
  options.pad_h = options.pad_w / options.dilation_w;
  options.pad_w = 0;
  options.dilation_w = 1;
  return options;
}

Shape folded_weights(const Shape& weights) {
  return {weights.n, weights.c, weights.w, 1};
}

}  // namespace

/// [n, c, 1, w] as [n, c, ⌈w/width⌉, width], zeros behind the last value.
Tensor CpuLayerOps::fold(const Tensor& x, std::int64_t width) {
  const auto [n, c, h, w] = x.shape;
  const Shape shape{n, c, (w + width - 1) / width, width};
  if (shape.h * width == w)
    return x.reshaped(shape);
  Tensor y = make(shape);
  for_planes(shape, [&](std::int64_t i) {
    float* end = std::copy_n(data(x) + i * x.shape.w, x.shape.w, data(y) + i * shape.h * shape.w);
    std::fill(end, data(y) + (i + 1) * shape.h * shape.w, 0.0f);
  });
  return y;
}

Tensor CpuLayerOps::unfold(const Tensor& x, std::int64_t w) {
  const Shape shape{x.shape.n, x.shape.c, 1, w};
  const std::int64_t plane = x.shape.h * x.shape.w;
  if (plane == w)
    return x.reshaped(shape);
  Tensor y = make(shape);
  for_planes(shape, [&](std::int64_t i) { std::copy_n(data(x) + i * plane, w, data(y) + i * w); });
  return y;
}

Tensor CpuLayerOps::convolution(const Tensor& x, const Tensor& weights, const Tensor& bias,
                                const ConvolutionOptions& options) {
  const ConvolutionShape shape{x.shape, weights.shape, convolution_output(x.shape, weights.shape, options), options};
  if (worth_folding(shape))
    return unfold(convolution(fold(x, options.dilation_w), weights.reshaped(folded_weights(weights.shape)), bias,
                              folded(options)),
                  x.shape.w);
  Tensor y = make(shape.y);
  parallel_for(x.shape.n, piece_of(shape.weights, shape.y), [&](std::int64_t begin, std::int64_t end) {
    convolutions_.forward(piece(shape, begin, end), data(x) + begin * item_size(shape.x), data(weights),
                          bias ? data(bias) : nullptr, data(y) + begin * item_size(shape.y));
  });
  return y;
}

ConvolutionGradients CpuLayerOps::convolution_backward(const Tensor& x, const Tensor& weights, const Tensor& dy,
                                                       const ConvolutionOptions& options, bool input_gradient) {
  const ConvolutionShape shape{x.shape, weights.shape, convolution_output(x.shape, weights.shape, options), options};
  if (worth_folding(shape)) {
    ConvolutionGradients gradients =
        convolution_backward(fold(x, options.dilation_w), weights.reshaped(folded_weights(weights.shape)),
                             fold(dy, options.dilation_w), folded(options), input_gradient);
    gradients.weights = gradients.weights.reshaped(weights.shape);
    if (input_gradient)
      gradients.input = unfold(gradients.input, x.shape.w);
    return gradients;
  }
  ConvolutionGradients gradients;
  gradients.weights = make(weights.shape);
  gradients.bias = make({1, shape.y.c, 1, 1});
  if (input_gradient)
    gradients.input = make(x.shape);

  // Each piece has its own sum of the weights' gradient; they are added in order.
  const std::int64_t chunk = piece_of(shape.weights, shape.y), pieces = (x.shape.n + chunk - 1) / chunk;
  const std::int64_t weight_size = shape.weights.size(), sums_size = weight_size + shape.y.c;
  AlignedVector<float> sums(static_cast<std::size_t>(pieces * sums_size));
  parallel_for(x.shape.n, chunk, [&](std::int64_t begin, std::int64_t end) {
    const ConvolutionShape part = piece(shape, begin, end);
    const float* dy_part = data(dy) + begin * item_size(shape.y);
    float* sum = sums.data() + begin / chunk * sums_size;
    convolutions_.backward_weights(part, data(x) + begin * item_size(shape.x), dy_part, sum, sum + weight_size);
    if (input_gradient)
      convolutions_.backward_input(part, dy_part, data(weights), data(gradients.input) + begin * item_size(shape.x));
  });
  for (std::int64_t p = 1; p < pieces; ++p)
    kernels::add(sums.data(), sums.data() + p * sums_size, sums.data(), sums_size);
  std::copy_n(sums.data(), weight_size, data(gradients.weights));
  std::copy_n(sums.data() + weight_size, shape.y.c, data(gradients.bias));
  return gradients;
}

}  // namespace segue::audio
