#pragma once

#include <cstdint>

#include "segue/audio/layer_ops.hpp"

/// Loops over contiguous rows of `size` floats, compiled for SSE4, AVX2 and AVX-512, the best of which is taken at run
/// time. Outputs may be the inputs; otherwise nothing overlaps.
namespace segue::audio::kernels {

void elu(const float* x, float* y, std::int64_t size);
void elu_backward(const float* y, const float* dy, float* dx, std::int64_t size);
void sigmoid(const float* x, float* y, std::int64_t size);
void sigmoid_backward(const float* y, const float* dy, float* dx, std::int64_t size);

void add(const float* a, const float* b, float* y, std::int64_t size);
double sum(const float* x, std::int64_t size);
double squared_norm(const float* x, std::int64_t size);

struct Moments {
  double mean = 0, squares = 0;  ///< Σ(x − mean)²
};
Moments moments(const float* x, std::int64_t size);

/// y = scale·x + shift
void affine(const float* x, float scale, float shift, float* y, std::int64_t size);

struct BatchNormSums {
  double dy = 0, dy_x = 0;  ///< Σ dy, Σ dy·(x − mean)

  BatchNormSums& operator+=(const BatchNormSums& other) {
    dy += other.dy;
    dy_x += other.dy_x;
    return *this;
  }
};
BatchNormSums batch_norm_sums(const float* x, const float* dy, float mean, std::int64_t size);

struct InputGradient {
  float by_dy, by_x, constant;
};
/// dx = by_dy·dy + by_x·x + constant
void input_gradient(const float* dy, const float* x, const InputGradient& gradient, float* dx, std::int64_t size);

/// A plane of `rows`·factor rows becomes one of `rows`.
struct Pooling {
  int factor;
  std::int64_t rows, width;
};
/// y = elu(the largest of `factor` scale·x + shift below one another)
void affine_elu_pool(const float* x, float scale, float shift, const Pooling& pooling, float* y);

struct PooledPlanes {
  const float *x, *y, *dy;
  float scale, shift;
};
/// Those of dy·elu' at the x that was the largest, the first of equals; at the others dy is 0.
BatchNormSums pooled_sums(const PooledPlanes& planes, float mean, const Pooling& pooling);
void pooled_input_gradient(const PooledPlanes& planes, const InputGradient& gradient, const Pooling& pooling,
                           float* dx);

void max_pool(const float* x, const Pooling& pooling, float* y);
/// dy goes to the first of the largest; the others get 0.
void max_pool_backward(const float* x, const float* y, const float* dy, const Pooling& pooling, float* dx);

/// Elements first … first + size − 1 of a dropout that keeps where dropout_hash(key, index) ≥ threshold.
void dropout(const float* x, std::uint32_t key, std::uint32_t first, std::uint32_t threshold, float scale, float* y,
             std::int64_t size);

/// Lags are taken so many at a time; arrays that are read or written past their end have that much room.
constexpr std::int64_t kLagBlock = 64;
/// r(l) = Σₜ a(t)·a(t + l) for 0 ≤ l < lags, and on to the next multiple of kLagBlock. `a` has kLagBlock zeros behind
/// its `size` values.
void autocorrelate(const float* a, std::int64_t size, std::int64_t lags, float* r);
/// da(t) = Σ_l dr(l)·(a(t + l) + a(t − l)). `a` has `lags` zeros on either side.
void autocorrelate_backward(const float* a, std::int64_t size, const float* dr, std::int64_t lags, float* da);

void adamw(float* parameter, const float* gradient, float* first_moment, float* second_moment,
           const LayerOps::AdamWOptions& options, std::int64_t size);

}  // namespace segue::audio::kernels
