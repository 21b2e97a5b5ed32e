// The two branches' layers at their training sizes, forward and backward, and a training step of each kind of block.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "segue/audio/layer_ops.hpp"
#include "segue/core/random.hpp"

namespace segue::audio {
namespace {

LayerOps& ops() {
  static const std::unique_ptr<LayerOps> ops = make_layer_ops(Device{});
  return *ops;
}

Tensor random_tensor(Shape shape, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> values(static_cast<std::size_t>(shape.size()));
  for (float& value : values)
    value = static_cast<float>(random.normal());
  return ops().upload(shape, values);
}

struct Layer {
  std::string name;
  Shape x, weights;
  ConvolutionOptions options = {};
};

const Layer kLayers[] = {
    {"tempo_first", {16, 2, 40, 512}, {16, 2, 3, 3}, {.pad_h = 1, .pad_w = 1}},
    {"tempo_second", {16, 16, 13, 512}, {20, 16, 4, 3}, {.pad_w = 1}},
    {"tempo_third", {16, 20, 3, 512}, {20, 20, 3, 1}},
    {"tcn_dilated_by_4", {16, 20, 1, 512}, {20, 20, 1, 5}, {.pad_w = 8, .dilation_w = 4}},
    {"tcn_dilated_by_64", {16, 20, 1, 512}, {20, 20, 1, 5}, {.pad_w = 128, .dilation_w = 64}},
    {"tcn_pointwise", {16, 40, 1, 512}, {20, 40, 1, 1}},
    {"tempo_axis", {16, 24, 1, 425}, {24, 24, 1, 9}, {.pad_w = 32, .dilation_w = 8}},
    {"key_first", {16, 1, 252, 50}, {16, 1, 7, 3}, {.pad_h = 3, .pad_w = 1}},
    {"key_second", {16, 16, 84, 50}, {16, 16, 5, 3}, {.pad_h = 2, .pad_w = 1}},
    {"key_harmonics", {16, 16, 84, 50}, {16, 1, 37, 1}, {.pad_h = 18, .groups = 16}},
    {"key_pointwise", {16, 32, 84, 50}, {32, 32, 1, 1}},
    {"key_fold", {16, 224, 12, 50}, {32, 224, 1, 1}},
    {"key_circular", {16, 32, 23, 50}, {32, 32, 12, 3}, {.pad_w = 1}},
};

void count(benchmark::State& state, const char* name, double per_iteration) {
  state.counters[name] = {per_iteration, benchmark::Counter::kIsIterationInvariantRate};
}

double flops(const Layer& layer, const Tensor& y) {
  return 2.0 * static_cast<double>(layer.weights.c * layer.weights.h * layer.weights.w * y.shape.size());
}

void convolution_forward(benchmark::State& state, const Layer& layer) {
  const Tensor x = random_tensor(layer.x, 1), weights = random_tensor(layer.weights, 2);
  Tensor y;
  for (auto _ : state)
    y = ops().convolution(x, weights, {}, layer.options);
  count(state, "FLOP/s", flops(layer, y));
}

void convolution_backward(benchmark::State& state, const Layer& layer) {
  const Tensor x = random_tensor(layer.x, 1), weights = random_tensor(layer.weights, 2);
  const Tensor dy = ops().convolution(x, weights, {}, layer.options);
  const bool input_gradient = layer.x.c > 2;  // the first layers need none
  for (auto _ : state)
    benchmark::DoNotOptimize(ops().convolution_backward(x, weights, dy, layer.options, input_gradient));
  count(state, "FLOP/s", flops(layer, dy) * (input_gradient ? 2 : 1));
}

// What follows each convolution of the front, and its gradient, in one pass each. Floor, pooling by 3: 4 × the tensor.
void norm_elu_pool(benchmark::State& state, Shape shape, int factor) {
  const Tensor x = random_tensor(shape, 1), scale = random_tensor({1, shape.c, 1, 1}, 2);
  Tensor mean = ops().zeros(scale.shape), variance = ops().zeros(scale.shape);
  BatchNormState norm;
  for (auto _ : state) {
    const Tensor y = ops().batch_norm_elu_pool(x, scale, scale, mean, variance, 0.1f, factor, norm);
    benchmark::DoNotOptimize(ops().batch_norm_elu_pool_backward(x, y, scale, scale, norm, y, factor));
  }
  count(state, "bytes/s", 4.0 * 4.0 * static_cast<double>(shape.size()));
}

void autocorrelation(benchmark::State& state) {
  const Tensor x = random_tensor({16, 8, 1, 512}, 1);
  for (auto _ : state)
    benchmark::DoNotOptimize(ops().autocorrelation_backward(x, ops().autocorrelation(x, 512), 512));
  count(state, "FLOP/s", 16 * 8 * 2 * (0.5 + 0.5 + 1) * 512 * 512);
}

[[maybe_unused]] const bool registered = [] {
  for (const Layer& layer : kLayers) {
    benchmark::RegisterBenchmark(("forward/" + layer.name).c_str(), convolution_forward, layer)
        ->MeasureProcessCPUTime()
        ->UseRealTime();
    benchmark::RegisterBenchmark(("backward/" + layer.name).c_str(), convolution_backward, layer)
        ->MeasureProcessCPUTime()
        ->UseRealTime();
  }
  benchmark::RegisterBenchmark("norm_elu_pool/tempo_first", norm_elu_pool, Shape{16, 16, 40, 512}, 3)
      ->MeasureProcessCPUTime()
      ->UseRealTime();
  benchmark::RegisterBenchmark("norm_elu_pool/key_first", norm_elu_pool, Shape{16, 16, 252, 50}, 3)
      ->MeasureProcessCPUTime()
      ->UseRealTime();
  benchmark::RegisterBenchmark("autocorrelation", autocorrelation)->MeasureProcessCPUTime()->UseRealTime();
  return true;
}();

}  // namespace
}  // namespace segue::audio
