#include "tests/audio/layers/reference_convolution.hpp"

#include <cmath>

namespace segue::audio::reference {
namespace {

Shape output_shape(const Shape& x, const Shape& weights, const ConvolutionOptions& options) {
  return {x.n, weights.n, x.h + 2 * options.pad_h - (weights.h - 1) * options.dilation_h,
          x.w + 2 * options.pad_w - (weights.w - 1) * options.dilation_w};
}

/// body(n, o, h, w, i, j, k, channel, row, column): each product of an output value that lies within x.
template <class Body>
void each_product(const Shape& x, const Shape& weights, const ConvolutionOptions& options, Body body) {
  each(output_shape(x, weights, options), [&](std::int64_t n, std::int64_t o, std::int64_t h, std::int64_t w) {
    const std::int64_t group = o / (weights.n / options.groups);
    for (std::int64_t i = 0; i < weights.c; ++i)
      for (std::int64_t j = 0; j < weights.h; ++j)
        for (std::int64_t k = 0; k < weights.w; ++k) {
          const std::int64_t row = h + j * options.dilation_h - options.pad_h;
          const std::int64_t column = w + k * options.dilation_w - options.pad_w;
          if (row >= 0 && row < x.h && column >= 0 && column < x.w)
            body(n, o, h, w, i, j, k, group * weights.c + i, row, column);
        }
  });
}

}  // namespace

Array convolution(const Array& x, const Array& weights, const Array& bias, const ConvolutionOptions& options) {
  Array y(output_shape(x.shape, weights.shape, options));
  each(y.shape, [&](auto n, auto o, auto h, auto w) { y(n, o, h, w) = bias(0, o, 0, 0); });
  each_product(x.shape, weights.shape, options,
               [&](auto n, auto o, auto h, auto w, auto i, auto j, auto k, auto channel, auto row, auto column) {
                 y(n, o, h, w) += weights(o, i, j, k) * x(n, channel, row, column);
               });
  if (options.activation == Activation::elu)
    for (double& value : y.v)
      value = value > 0 ? value : std::expm1(value);
  return y;
}

ConvolutionBackward convolution_backward(const Array& x, const Array& weights, const Array& dy,
                                         const ConvolutionOptions& options) {
  ConvolutionBackward d{Array(x.shape), Array(weights.shape), Array({1, weights.shape.n, 1, 1})};
  each(dy.shape, [&](auto n, auto o, auto h, auto w) { d.bias(0, o, 0, 0) += dy(n, o, h, w); });
  each_product(x.shape, weights.shape, options,
               [&](auto n, auto o, auto h, auto w, auto i, auto j, auto k, auto channel, auto row, auto column) {
                 d.input(n, channel, row, column) += weights(o, i, j, k) * dy(n, o, h, w);
                 d.weights(o, i, j, k) += x(n, channel, row, column) * dy(n, o, h, w);
               });
  return d;
}

}  // namespace segue::audio::reference
