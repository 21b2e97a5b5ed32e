// In place of cudnn_convolution.cpp where this was built without cuDNN's headers.
#include "cuda/audio/layers/convolution.hpp"
#include "segue/core/error.hpp"

namespace segue::cuda {

class Convolutions::Library {};

Convolutions::Convolutions(const CudaContext&) {
  throw DeviceUnavailable("audio networks on a GPU need cuDNN, and this build found no cudnn.h; use --device cpu");
}
Convolutions::~Convolutions() = default;

void Convolutions::forward(const ConvolutionSizes&, const float*, const float*, float*) {}
void Convolutions::forward_float16(const ConvolutionSizes&, const void*, const void*, void*) {}
void Convolutions::backward_input(const ConvolutionSizes&, const float*, const float*, float*) {}
void Convolutions::backward_weights(const ConvolutionSizes&, const float*, const float*, float*) {}

}  // namespace segue::cuda
