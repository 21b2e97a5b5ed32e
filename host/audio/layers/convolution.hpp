#pragma once

#include <cstdint>
#include <memory>

#include "segue/audio/layer_ops.hpp"

namespace segue::audio {

/// A convolution's sizes; the batch is that of one piece of the work.
struct ConvolutionShape {
  Shape x, weights, y;
  ConvolutionOptions options;
};

/// Convolutions by oneDNN, each over a piece of a batch on the thread that calls. Primitives are compiled once for each
/// shape and kept. Plain layouts outside, whatever oneDNN prefers inside.
class Convolutions {
 public:
  Convolutions();
  ~Convolutions();

  /// @param bias  may be null
  void forward(const ConvolutionShape& shape, const float* x, const float* weights, const float* bias, float* y);
  void backward_input(const ConvolutionShape& shape, const float* dy, const float* weights, float* dx);
  void backward_weights(const ConvolutionShape& shape, const float* x, const float* dy, float* d_weights,
                        float* d_bias);

 private:
  class Cache;
  std::unique_ptr<Cache> cache_;
};

}  // namespace segue::audio
