// Batch norm (Ioffe & Szegedy 2015) in three kernels each way: a plane's sums by a block; a channel's by a thread, in
// order over the batch; then each value.
// Bytes: floor 2 × the tensor forward, 3 × backward; with ELU and pooling by f in the same passes (1 + 1/f) × and
// (2 + 2/f) ×. These read the tensor once more, from L2 where it is no larger than that.
#pragma once

#include "cuda/audio/layers/block_reduce.cuh"
#include "cuda/audio/layers/pointwise_kernel.cuh"

namespace segue::cuda::layers {

struct PlaneMoments {
  const float* x;
  std::int64_t size;
  Moments* moments;
  __device__ void operator()(std::int64_t plane) const {
    const Moments of_plane = block_moments(x + plane * size, size);
    if (threadIdx.x == 0)
      moments[plane] = of_plane;
  }
};

/// y = scale·x + shift
struct Line {
  float scale, shift;
};

struct NormShape {
  std::int64_t items, channels, plane_size;
  __device__ double count() const { return static_cast<double>(items * plane_size); }
};

struct NormState {
  float *mean, *inverse_deviation;  ///< [channels]
};

__device__ inline Line normalizing_line(const NormState& state, const float* scale, const float* shift,
                                        std::int64_t c) {
  const double factor = static_cast<double>(scale[c]) * static_cast<double>(state.inverse_deviation[c]);
  return {static_cast<float>(factor),
          static_cast<float>(static_cast<double>(shift[c]) - static_cast<double>(state.mean[c]) * factor)};
}

/// For each channel; sets of values are joined as in Chan, Golub & LeVeque (1979).
struct FinishNorm {
  NormShape shape;
  const Moments* moments;
  const float *scale, *shift;
  float momentum;
  float *running_mean, *running_variance;
  NormState state;
  Line* lines;
  __device__ void operator()(std::int64_t c) const {
    Moments all = moments[c];
    const auto plane = static_cast<double>(shape.plane_size);
    for (std::int64_t n = 1; n < shape.items; ++n) {
      const Moments& more = moments[n * shape.channels + c];
      const double apart = more.mean - all.mean, before = static_cast<double>(n) * plane, total = before + plane;
      all.mean += apart * plane / total;
      all.squares += more.squares + apart * apart * before * plane / total;
    }
    const double count = shape.count();
    state.mean[c] = static_cast<float>(all.mean);
    state.inverse_deviation[c] = static_cast<float>(1 / sqrt(all.squares / count + 1e-5));
    running_mean[c] += momentum * (static_cast<float>(all.mean) - running_mean[c]);
    running_variance[c] += momentum * (static_cast<float>(all.squares / (count - 1)) - running_variance[c]);
    lines[c] = normalizing_line(state, scale, shift, c);
  }
};

struct LineOfEachChannel {
  const float* x;
  const Line* lines;
  std::int64_t channels, plane_size;
  float* y;
  __device__ void operator()(std::int64_t plane, std::int64_t i) const {
    const Line& line = lines[plane % channels];
    y[plane * plane_size + i] = fmaf(x[plane * plane_size + i], line.scale, line.shift);
  }
};

struct ScaleShift {
  const float *x, *scale, *shift;
  std::int64_t channels, plane_size;
  float* y;
  __device__ void operator()(std::int64_t plane, std::int64_t i) const {
    const std::int64_t c = plane % channels;
    y[plane * plane_size + i] = fmaf(x[plane * plane_size + i], scale[c], shift[c]);
  }
};

/// Σ dy, Σ dy·(x − mean)
struct NormSums {
  double dy, dy_x;
};

struct PlaneNormSums {
  const float *x, *dy, *mean;
  std::int64_t channels, size;
  NormSums* sums;
  __device__ void operator()(std::int64_t plane) const {
    const float* x_row = x + plane * size;
    const float* dy_row = dy + plane * size;
    const float centre = mean[plane % channels];
    const double of_dy = block_sum(size, [&](std::int64_t i) { return dy_row[i]; });
    const double of_dy_x = block_sum(size, [&](std::int64_t i) { return dy_row[i] * (x_row[i] - centre); });
    if (threadIdx.x == 0)
      sums[plane] = {of_dy, of_dy_x};
  }
};

/// dx = by_dy·dy + by_x·x + constant
struct InputGradient {
  float by_dy, by_x, constant;
};

/// With x̂ = (x − μ)/σ and N values a channel:  dx = scale/σ·(dy − Σdy/N − x̂·Σ(dy·x̂)/N).
struct FinishNormBackward {
  NormShape shape;
  const NormSums* sums;
  const float* scale;
  NormState state;
  float *d_scale, *d_shift;
  InputGradient* gradients;
  __device__ void operator()(std::int64_t c) const {
    NormSums all{0, 0};
    for (std::int64_t n = 0; n < shape.items; ++n) {
      all.dy += sums[n * shape.channels + c].dy;
      all.dy_x += sums[n * shape.channels + c].dy_x;
    }
    const auto inverse = static_cast<double>(state.inverse_deviation[c]);
    d_scale[c] = static_cast<float>(all.dy_x * inverse);
    d_shift[c] = static_cast<float>(all.dy);
    const double by_dy = static_cast<double>(scale[c]) * inverse;
    const double by_x = -by_dy * inverse * inverse * all.dy_x / shape.count();
    gradients[c] = {static_cast<float>(by_dy), static_cast<float>(by_x),
                    static_cast<float>(-by_dy * all.dy / shape.count() - by_x * static_cast<double>(state.mean[c]))};
  }
};

struct NormInputGradient {
  const float *x, *dy;
  const InputGradient* gradients;
  std::int64_t channels, plane_size;
  float* dx;
  __device__ void operator()(std::int64_t plane, std::int64_t i) const {
    const InputGradient& g = gradients[plane % channels];
    const std::int64_t at = plane * plane_size + i;
    dx[at] = fmaf(dy[at], g.by_dy, fmaf(x[at], g.by_x, g.constant));
  }
};

/// A plane of `factor`·rows rows, or a remainder more, becomes one of `rows`.
struct Pooling {
  int factor;
  std::int64_t rows, width, plane_size;  ///< plane_size: before
  __device__ std::int64_t size() const { return rows * width; }
  /// Where the first of output value i's column is in its plane.
  __device__ std::int64_t first(std::int64_t i) const { return i / width * factor * width + i % width; }
};

struct EluPool {
  const float* x;
  const Line* lines;
  std::int64_t channels;
  Pooling pooling;
  float* y;
  __device__ void operator()(std::int64_t plane, std::int64_t i) const {
    const Line line = lines[plane % channels];
    const float* column = x + plane * pooling.plane_size + pooling.first(i);
    float largest = fmaf(column[0], line.scale, line.shift);
    for (int k = 1; k < pooling.factor; ++k)
      largest = fmaxf(largest, fmaf(column[k * pooling.width], line.scale, line.shift));
    y[plane * pooling.size() + i] = elu_of(largest);
  }
};

/// What the backward of ELU and pooling reads.
struct PooledPlanes {
  const float *x, *y, *dy;
  const float *scale, *shift;
  NormState state;
  std::int64_t channels;
  Pooling pooling;

  /// Which of a column was the largest, the first of equals.
  __device__ int largest(const float* column, const Line& line) const {
    int best = 0;
    float most = fmaf(column[0], line.scale, line.shift);
    for (int k = 1; k < pooling.factor; ++k) {
      const float value = fmaf(column[k * pooling.width], line.scale, line.shift);
      if (value > most) {
        most = value;
        best = k;
      }
    }
    return best;
  }
  __device__ float through_elu(std::int64_t plane, std::int64_t i) const {
    const std::int64_t at = plane * pooling.size() + i;
    return dy[at] * elu_slope(y[at]);
  }
};

struct PooledNormSums {
  PooledPlanes planes;
  NormSums* sums;
  __device__ void operator()(std::int64_t plane) const {
    const std::int64_t c = plane % planes.channels;
    const Line line = normalizing_line(planes.state, planes.scale, planes.shift, c);
    const float* x = planes.x + plane * planes.pooling.plane_size;
    const float centre = planes.state.mean[c];
    const double of_dy = block_sum(planes.pooling.size(), [&](std::int64_t i) { return planes.through_elu(plane, i); });
    const double of_dy_x = block_sum(planes.pooling.size(), [&](std::int64_t i) {
      const float* column = x + planes.pooling.first(i);
      return planes.through_elu(plane, i) * (column[planes.largest(column, line) * planes.pooling.width] - centre);
    });
    if (threadIdx.x == 0)
      sums[plane] = {of_dy, of_dy_x};
  }
};

/// For each value of y: its column of dx.
struct PooledInputGradient {
  PooledPlanes planes;
  const InputGradient* gradients;
  float* dx;
  __device__ void operator()(std::int64_t plane, std::int64_t i) const {
    const std::int64_t c = plane % planes.channels, first = plane * planes.pooling.plane_size + planes.pooling.first(i);
    const InputGradient g = gradients[c];
    const int largest = planes.largest(planes.x + first, normalizing_line(planes.state, planes.scale, planes.shift, c));
    const float from_y = planes.through_elu(plane, i) * g.by_dy;
    for (int k = 0; k < planes.pooling.factor; ++k) {
      const std::int64_t at = first + k * planes.pooling.width;
      dx[at] = fmaf(planes.x[at], g.by_x, g.constant) + (k == largest ? from_y : 0.0f);
    }
  }
};

/// For the rows below the last whole column.
struct RemainderInputGradient {
  const float* x;
  const InputGradient* gradients;
  std::int64_t channels;
  Pooling pooling;
  float* dx;
  __device__ void operator()(std::int64_t plane, std::int64_t i) const {
    const InputGradient& g = gradients[plane % channels];
    const std::int64_t at = plane * pooling.plane_size + pooling.size() * pooling.factor + i;
    dx[at] = fmaf(x[at], g.by_x, g.constant);
  }
};

}  // namespace segue::cuda::layers
