#pragma once

#include <cstdint>
#include <memory>

#include "cuda/core/context.hpp"
#include "segue/audio/layer_ops.hpp"

namespace segue::cuda {

struct ConvolutionSizes {
  audio::Shape x, weights;
  audio::ConvolutionOptions options;

  audio::Shape y() const { return convolution_output(x, weights, options); }
};

/// Convolutions by cuDNN, without bias and activation, on a context's stream. All pointers are the device's.
class Convolutions {
 public:
  /// @throws DeviceUnavailable  cuDNN cannot be had: why, and what to do
  explicit Convolutions(const CudaContext& context);
  ~Convolutions();

  void forward(const ConvolutionSizes& sizes, const float* x, const float* weights, float* y);
  /// float16 in and out on tensor cores; sums are float32. The pointers are to __half.
  void forward_float16(const ConvolutionSizes& sizes, const void* x, const void* weights, void* y);
  void backward_input(const ConvolutionSizes& sizes, const float* dy, const float* weights, float* dx);
  void backward_weights(const ConvolutionSizes& sizes, const float* x, const float* dy, float* d_weights);

 private:
  class Library;
  std::unique_ptr<Library> library_;
};

}  // namespace segue::cuda
