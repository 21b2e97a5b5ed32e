#include "cuda/audio/layers/layer_ops.hpp"
#include "cuda/audio/layers/map.cuh"
#include "cuda/audio/layers/pooling_kernel.cuh"

namespace segue::cuda {
namespace {

template <class T>
void add_bias(const CudaContext& context, const T* x, const Tensor& bias, const ConvolutionOptions& options,
              const Tensor& y) {
  const std::int64_t plane = y.shape.h * y.shape.w;
  launch_planes(context, y.shape.n * y.shape.c, plane,
                layers::BiasActivation<T>{x, bias ? data(bias) : nullptr, options.activation == audio::Activation::elu,
                                          y.shape.c, plane, data(y)});
}

}  // namespace

Tensor CudaLayerOps::convolution(const Tensor& x, const Tensor& weights, const Tensor& bias,
                                 const ConvolutionOptions& options) {
  context();
  if (precision_ == audio::Precision::float16)
    return convolution_float16(x, weights, bias, options);
  const ConvolutionSizes sizes{x.shape, weights.shape, options};
  Tensor y = make(sizes.y());
  convolutions_.forward(sizes, data(x), data(weights), data(y));
  if (bias || options.activation != audio::Activation::none)
    add_bias(context_, data(y), bias, options, y);
  return y;
}

Tensor CudaLayerOps::convolution_float16(const Tensor& x, const Tensor& weights, const Tensor& bias,
                                         const ConvolutionOptions& options) {
  const ConvolutionSizes sizes{x.shape, weights.shape, options};
  DeviceBuffer<__half> half_x(x.shape.size(), context_.stream()), half_weights(weights.shape.size(), context_.stream());
  DeviceBuffer<__half> half_y(sizes.y().size(), context_.stream());
  launch_values(context_, half_x.size(), layers::ToHalf{data(x), half_x.data()});
  launch_values(context_, half_weights.size(), layers::ToHalf{data(weights), half_weights.data()});
  convolutions_.forward_float16(sizes, half_x.data(), half_weights.data(), half_y.data());
  Tensor y = make(sizes.y());
  add_bias<__half>(context_, half_y.data(), bias, options, y);
  return y;
}

ConvolutionGradients CudaLayerOps::convolution_backward(const Tensor& x, const Tensor& weights, const Tensor& dy,
                                                        const ConvolutionOptions& options, bool input_gradient) {
  context();
  const ConvolutionSizes sizes{x.shape, weights.shape, options};
  ConvolutionGradients gradients;
  gradients.weights = make(weights.shape);
  convolutions_.backward_weights(sizes, data(x), data(dy), data(gradients.weights));
  if (input_gradient) {
    gradients.input = make(x.shape);
    convolutions_.backward_input(sizes, data(dy), data(weights), data(gradients.input));
  }
  const std::int64_t planes = dy.shape.n * dy.shape.c, plane = dy.shape.h * dy.shape.w;
  gradients.bias = make({1, dy.shape.c, 1, 1});
  DeviceBuffer<float> sums(planes, context_.stream());
  launch_rows(context_, planes, plane, layers::RowMean{data(dy), plane, 1, sums.data()});
  launch_values(context_, dy.shape.c, layers::SumOfChannels{sums.data(), dy.shape.n, dy.shape.c, data(gradients.bias)});
  return gradients;
}

}  // namespace segue::cuda
