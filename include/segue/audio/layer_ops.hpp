#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "segue/core/device.hpp"

/// The operations a network is made of, each forward with its backward, on one device. The network, its tape and its
/// training (audio/network.hpp, host/audio) are written once above them. On the CPU by oneDNN and SIMD loops, on the
/// GPU by cuDNN and kernels.
namespace segue::audio {

/// Batch, channels, height (frequency, pitch class), width (time, or the tempo axis): dense, width fastest.
struct Shape {
  std::int64_t n = 1, c = 1, h = 1, w = 1;
  std::int64_t size() const { return n * c * h * w; }
  friend bool operator==(const Shape&, const Shape&) = default;
};

/// Owns a device's memory; only the LayerOps that made it knows what it is.
class TensorStorage {
 public:
  virtual ~TensorStorage() = default;
};

/// A handle: copies share the values. float32, whatever the operations compute in.
struct Tensor {
  Shape shape;
  std::shared_ptr<TensorStorage> storage;

  explicit operator bool() const { return storage != nullptr; }
  /// The same values under another shape of the same size.
  Tensor reshaped(Shape other) const { return {other, storage}; }
};

enum class Activation { none, elu };  ///< elu: x for x > 0, else eˣ − 1

struct ConvolutionOptions {
  int pad_h = 0, pad_w = 0;            ///< zeros on either side
  int dilation_h = 1, dilation_w = 1;  ///< 1: none
  int groups = 1;
  Activation activation = Activation::none;  ///< fused; for inference only: backward needs none
};

/// What a convolution's output is shaped like.
inline Shape convolution_output(const Shape& x, const Shape& weights, const ConvolutionOptions& options) {
  return {x.n, weights.n, x.h + 2 * options.pad_h - (weights.h - 1) * options.dilation_h,
          x.w + 2 * options.pad_w - (weights.w - 1) * options.dilation_w};
}

struct ConvolutionGradients {
  Tensor input;  ///< empty where it was not asked for
  Tensor weights, bias;
};

/// What batch_norm() keeps for its backward.
struct BatchNormState {
  Tensor mean, inverse_deviation;  ///< [1, c, 1, 1]
};

struct BatchNormGradients {
  Tensor input, scale, shift;
};

/// Sampling positions along the width; see LayerOps::sample().
struct SamplePositions {
  std::vector<float> at;  ///< ≥ 0; negative: the sample is 0
};

/// All shapes are checked; a wrong one is an Error. Nothing is updated in place unless it says so. Results do not
/// depend on the thread count.
class LayerOps {
 public:
  virtual ~LayerOps() = default;

  virtual Tensor zeros(Shape shape) = 0;
  virtual Tensor upload(Shape shape, std::span<const float> values) = 0;
  virtual void download(const Tensor& tensor, std::span<float> values) = 0;

  /// Cross-correlation (what networks call convolution), stride 1. weights [c_out, c_in/groups, kh, kw], bias
  /// [1, c_out, 1, 1] or empty. A fully connected layer is one over [n, c, 1, 1].
  virtual Tensor convolution(const Tensor& x, const Tensor& weights, const Tensor& bias,
                             const ConvolutionOptions& options) = 0;
  virtual ConvolutionGradients convolution_backward(const Tensor& x, const Tensor& weights, const Tensor& dy,
                                                    const ConvolutionOptions& options, bool input_gradient) = 0;

  /// Training: by the batch's own mean and (biased) variance over n, h, w; running_mean and running_variance (unbiased)
  /// are moved in place by `momentum` towards them. (Ioffe & Szegedy 2015; ε = 1e-5.)
  virtual Tensor batch_norm(const Tensor& x, const Tensor& scale, const Tensor& shift, Tensor& running_mean,
                            Tensor& running_variance, float momentum, BatchNormState& state) = 0;
  virtual BatchNormGradients batch_norm_backward(const Tensor& x, const Tensor& scale, const BatchNormState& state,
                                                 const Tensor& dy) = 0;
  /// max_pool_h(elu(batch_norm(x)), factor), and its backward: a third of the memory traffic, and only y is kept.
  virtual Tensor batch_norm_elu_pool(const Tensor& x, const Tensor& scale, const Tensor& shift, Tensor& running_mean,
                                     Tensor& running_variance, float momentum, int factor, BatchNormState& state) = 0;
  virtual BatchNormGradients batch_norm_elu_pool_backward(const Tensor& x, const Tensor& y, const Tensor& scale,
                                                          const Tensor& shift, const BatchNormState& state,
                                                          const Tensor& dy, int factor) = 0;
  /// y = x·scale + shift by channel, both [1, c, 1, 1]: batch norm in inference where no convolution takes it in.
  virtual Tensor scale_shift(const Tensor& x, const Tensor& scale, const Tensor& shift) = 0;

  virtual Tensor elu(const Tensor& x) = 0;
  virtual Tensor elu_backward(const Tensor& y, const Tensor& dy) = 0;
  virtual Tensor sigmoid(const Tensor& x) = 0;
  virtual Tensor sigmoid_backward(const Tensor& y, const Tensor& dy) = 0;

  /// Largest of each `factor` along the height; a remainder is dropped.
  virtual Tensor max_pool_h(const Tensor& x, int factor) = 0;
  virtual Tensor max_pool_h_backward(const Tensor& x, const Tensor& y, const Tensor& dy, int factor) = 0;

  /// x/(1−p) where kept, else 0; the mask is a hash of (seed, index), so that the backward is the same call on dy.
  /// @param whole_channels  one draw for each (n, c)
  virtual Tensor dropout(const Tensor& x, float p, bool whole_channels, std::uint64_t seed) = 0;

  /// Rows 0 … extra−1 again below the last: [n, c, h + extra, w].
  virtual Tensor circular_pad_h(const Tensor& x, int extra) = 0;
  virtual Tensor circular_pad_h_backward(const Tensor& dy, int extra) = 0;

  virtual Tensor concat_channels(const Tensor& a, const Tensor& b) = 0;
  virtual Tensor slice_channels(const Tensor& x, std::int64_t begin, std::int64_t end) = 0;
  /// dy at [begin, end) of `channels`, 0 elsewhere.
  virtual Tensor slice_channels_backward(const Tensor& dy, std::int64_t begin, std::int64_t channels) = 0;

  /// a + b; b may have n = 1, and then is added to each.
  virtual Tensor add(const Tensor& a, const Tensor& b) = 0;
  /// Sum over n: the gradient of a b that had n = 1.
  virtual Tensor sum_over_batch(const Tensor& dy) = 0;

  virtual Tensor mean_over_w(const Tensor& x) = 0;  ///< [n, c, h, 1]
  virtual Tensor mean_over_w_backward(const Tensor& dy, std::int64_t w) = 0;

  /// [n, 3c, 1, 1] of [n, c, 1, w]: means, deviations (√(variance + 1e-6)), maxima.
  virtual Tensor statistics_over_w(const Tensor& x) = 0;
  virtual Tensor statistics_over_w_backward(const Tensor& x, const Tensor& y, const Tensor& dy) = 0;

  /// [n, c, 1, w] → [n, c, 1, lags]: with a = x − mean(x), r(l) = Σₜ a(t)·a(t+l), y(l) = r(l)/(r(0) + 1e-6)·w/max(w −
  /// l, w/4).
  virtual Tensor autocorrelation(const Tensor& x, std::int64_t lags) = 0;
  virtual Tensor autocorrelation_backward(const Tensor& x, const Tensor& dy, std::int64_t lags) = 0;

  /// [n, c, 1, w] → [n, c, 1, positions]: linear interpolation along the width.
  virtual Tensor sample(const Tensor& x, const SamplePositions& positions) = 0;
  virtual Tensor sample_backward(const Tensor& dy, const SamplePositions& positions, std::int64_t w) = 0;

  /// softmax over the width of logits [n, 1, 1, w] weighs x [n, c, 1, w]: [n, c, 1, 1].
  virtual Tensor attend(const Tensor& x, const Tensor& logits) = 0;
  struct AttendGradients {
    Tensor x, logits;
  };
  virtual AttendGradients attend_backward(const Tensor& x, const Tensor& logits, const Tensor& dy) = 0;

  /// Σₙ row_weight(n) · (−Σ target·log softmax(logits)) over all of c·h·w; `gradient` is its gradient. Targets have the
  /// logits' shape and add up to 1 in each row; row_weight [n, 1, 1, 1].
  virtual double cross_entropy(const Tensor& logits, const Tensor& targets, const Tensor& row_weight,
                               Tensor& gradient) = 0;
  /// Σₙ row_weight(n) · mean over c·h·w of the binary cross-entropy with logits, positives of channel c weighing
  /// positive_weight[c].
  virtual double binary_cross_entropy(const Tensor& logits, const Tensor& targets,
                                      std::span<const float> positive_weight, const Tensor& row_weight,
                                      Tensor& gradient) = 0;

  /// AdamW (Loshchilov & Hutter 2019), in place: gradient·gradient_scale; weight decay decoupled.
  struct AdamWOptions {
    float learning_rate = 1e-3f, beta1 = 0.9f, beta2 = 0.999f, epsilon = 1e-8f, weight_decay = 0.01f;
    float gradient_scale = 1;
    std::int64_t step = 1;  ///< counted from 1
  };
  virtual void adamw(Tensor& parameter, const Tensor& gradient, Tensor& first_moment, Tensor& second_moment,
                     const AdamWOptions& options) = 0;
  virtual double squared_norm(const Tensor& x) = 0;
  /// a += b, in place: gradients of a value used twice.
  virtual void accumulate(Tensor& a, const Tensor& b) = 0;
};

/// What inference computes convolutions in; float16 on the GPU only (tensor cores; sums in float32).
enum class Precision { float32, float16 };

/// @throws DeviceUnavailable; InvalidArgument  float16 on the CPU
std::unique_ptr<LayerOps> make_layer_ops(Device device, Precision precision = Precision::float32);

}  // namespace segue::audio
