#pragma once

#include "tests/audio/layers/gradients.hpp"

namespace segue::audio::reference {

/// The definition: y(n, o, h, w) = bias(o) + Σ_{i,j,k} weights(o, i, j, k)·x(n, group's i, h + j·dilation − pad, …).
Array convolution(const Array& x, const Array& weights, const Array& bias, const ConvolutionOptions& options);

struct ConvolutionBackward {
  Array input, weights, bias;
};
ConvolutionBackward convolution_backward(const Array& x, const Array& weights, const Array& dy,
                                         const ConvolutionOptions& options);

}  // namespace segue::audio::reference
