#include "host/audio/layers/layer_kernels.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "host/audio/layers/layer_kernels.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h comes before the others
#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

#include <algorithm>
#include <cmath>

#include "segue/audio/dropout_hash.hpp"

HWY_BEFORE_NAMESPACE();
namespace segue::audio::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Lanes = hn::CappedTag<float, 16>;
using One = hn::CappedTag<float, 1>;
constexpr Lanes kLanes;
constexpr std::int64_t kWidth = hn::MaxLanes(kLanes);

/// body(tag, i): whole vectors, then what is left one at a time.
template <class Body>
HWY_INLINE void each(std::int64_t size, Body body) {
  std::int64_t i = 0;
  for (; i + kWidth <= size; i += kWidth)
    body(kLanes, i);
  for (; i < size; ++i)
    body(One(), i);
}

template <class D, class V>
HWY_INLINE V elu_of(D d, V v) {
  const auto below = hn::Sub(hn::Exp(d, hn::Min(v, hn::Zero(d))), hn::Set(d, 1.0f));
  return hn::IfThenElse(hn::Gt(v, hn::Zero(d)), v, below);
}

void Elu(const float* x, float* y, std::int64_t size) {
  each(size, [&](auto d, std::int64_t i) HWY_ATTR { hn::StoreU(elu_of(d, hn::LoadU(d, x + i)), d, y + i); });
}

// y ≤ 0: the derivative eˣ is y + 1.
void EluBackward(const float* y, const float* dy, float* dx, std::int64_t size) {
  each(size, [&](auto d, std::int64_t i) HWY_ATTR {
    const auto slope = hn::Add(hn::Min(hn::LoadU(d, y + i), hn::Zero(d)), hn::Set(d, 1.0f));
    hn::StoreU(hn::Mul(hn::LoadU(d, dy + i), slope), d, dx + i);
  });
}

void Sigmoid(const float* x, float* y, std::int64_t size) {
  each(size, [&](auto d, std::int64_t i) HWY_ATTR {
    const auto one = hn::Set(d, 1.0f);
    const auto decay = hn::Exp(d, hn::Neg(hn::Max(hn::LoadU(d, x + i), hn::Set(d, -80.0f))));
    hn::StoreU(hn::Div(one, hn::Add(one, decay)), d, y + i);
  });
}

void SigmoidBackward(const float* y, const float* dy, float* dx, std::int64_t size) {
  each(size, [&](auto d, std::int64_t i) HWY_ATTR {
    const auto v = hn::LoadU(d, y + i);
    hn::StoreU(hn::Mul(hn::LoadU(d, dy + i), hn::Mul(v, hn::Sub(hn::Set(d, 1.0f), v))), d, dx + i);
  });
}

void Add(const float* a, const float* b, float* y, std::int64_t size) {
  for (std::int64_t i = 0; i < size; ++i)
    y[i] = a[i] + b[i];
}

/// Σ term(tag, i) in double: float sums of a lane run over no more than 16 terms.
template <class Term>
HWY_INLINE double sum_of(std::int64_t size, Term term) {
  double total = 0;
  std::int64_t i = 0;
  while (i + kWidth <= size) {
    const std::int64_t stop = std::min(size, i + 64 * kWidth);
    auto s0 = hn::Zero(kLanes), s1 = s0, s2 = s0, s3 = s0;
    for (; i + 4 * kWidth <= stop; i += 4 * kWidth) {
      s0 = hn::Add(s0, term(kLanes, i));
      s1 = hn::Add(s1, term(kLanes, i + kWidth));
      s2 = hn::Add(s2, term(kLanes, i + 2 * kWidth));
      s3 = hn::Add(s3, term(kLanes, i + 3 * kWidth));
    }
    for (; i + kWidth <= stop; i += kWidth)
      s0 = hn::Add(s0, term(kLanes, i));
    total += static_cast<double>(hn::GetLane(hn::SumOfLanes(kLanes, hn::Add(hn::Add(s0, s1), hn::Add(s2, s3)))));
  }
  for (; i < size; ++i)
    total += static_cast<double>(hn::GetLane(term(One(), i)));
  return total;
}

double Sum(const float* x, std::int64_t size) {
  return sum_of(size, [&](auto d, std::int64_t i) HWY_ATTR { return hn::LoadU(d, x + i); });
}

double SquaredNorm(const float* x, std::int64_t size) {
  return sum_of(size, [&](auto d, std::int64_t i) HWY_ATTR {
    const auto v = hn::LoadU(d, x + i);
    return hn::Mul(v, v);
  });
}

// The row stays in L2 between its two passes.
kernels::Moments RowMoments(const float* x, std::int64_t size) {
  const double mean = Sum(x, size) / static_cast<double>(size);
  const float centre = static_cast<float>(mean);
  const double squares = sum_of(size, [&](auto d, std::int64_t i) HWY_ATTR {
    const auto v = hn::Sub(hn::LoadU(d, x + i), hn::Set(d, centre));
    return hn::Mul(v, v);
  });
  const double off = mean - static_cast<double>(centre);
  return {mean, std::max(0.0, squares - off * off * static_cast<double>(size))};
}

void Affine(const float* x, float scale, float shift, float* y, std::int64_t size) {
  each(size, [&](auto d, std::int64_t i) HWY_ATTR {
    hn::StoreU(hn::MulAdd(hn::LoadU(d, x + i), hn::Set(d, scale), hn::Set(d, shift)), d, y + i);
  });
}

kernels::BatchNormSums RowBatchNormSums(const float* x, const float* dy, float mean, std::int64_t size) {
  return {Sum(dy, size), sum_of(size, [&](auto d, std::int64_t i) HWY_ATTR {
            return hn::Mul(hn::LoadU(d, dy + i), hn::Sub(hn::LoadU(d, x + i), hn::Set(d, mean)));
          })};
}

void RowInputGradient(const float* dy, const float* x, const kernels::InputGradient& gradient, float* dx,
                      std::int64_t size) {
  each(size, [&](auto d, std::int64_t i) HWY_ATTR {
    const auto from_x = hn::MulAdd(hn::LoadU(d, x + i), hn::Set(d, gradient.by_x), hn::Set(d, gradient.constant));
    hn::StoreU(hn::MulAdd(hn::LoadU(d, dy + i), hn::Set(d, gradient.by_dy), from_x), d, dx + i);
  });
}

void AffineEluPool(const float* x, float scale, float shift, const kernels::Pooling& pooling, float* y) {
  for (std::int64_t row = 0; row < pooling.rows; ++row, y += pooling.width) {
    const float* first = x + row * pooling.factor * pooling.width;
    each(pooling.width, [&](auto d, std::int64_t i) HWY_ATTR {
      const auto line = [&](std::int64_t k) HWY_ATTR {
        return hn::MulAdd(hn::LoadU(d, first + k * pooling.width + i), hn::Set(d, scale), hn::Set(d, shift));
      };
      auto most = line(0);
      for (int k = 1; k < pooling.factor; ++k)
        most = hn::Max(most, line(k));
      hn::StoreU(elu_of(d, most), d, y + i);
    });
  }
}

/// The largest of a column of `factor`, and its x.
template <class D>
struct Largest {
  hn::Vec<D> value, x;
};

template <class D>
HWY_INLINE Largest<D> largest_of(D d, const kernels::PooledPlanes& planes, const float* first,
                                 const kernels::Pooling& pooling) {
  const auto scale = hn::Set(d, planes.scale), shift = hn::Set(d, planes.shift);
  Largest<D> largest;
  largest.x = hn::LoadU(d, first);
  largest.value = hn::MulAdd(largest.x, scale, shift);
  for (int k = 1; k < pooling.factor; ++k) {
    const auto x = hn::LoadU(d, first + k * pooling.width);
    const auto value = hn::MulAdd(x, scale, shift);
    const auto larger = hn::Gt(value, largest.value);
    largest.x = hn::IfThenElse(larger, x, largest.x);
    largest.value = hn::Max(value, largest.value);
  }
  return largest;
}

template <class D>
HWY_INLINE hn::Vec<D> through_elu(D d, const kernels::PooledPlanes& planes, std::int64_t at) {
  const auto slope = hn::Add(hn::Min(hn::LoadU(d, planes.y + at), hn::Zero(d)), hn::Set(d, 1.0f));
  return hn::Mul(hn::LoadU(d, planes.dy + at), slope);
}

kernels::BatchNormSums PooledSums(const kernels::PooledPlanes& planes, float mean, const kernels::Pooling& pooling) {
  kernels::BatchNormSums sums;
  for (std::int64_t row = 0; row < pooling.rows; ++row) {
    const std::int64_t out = row * pooling.width;
    const float* first = planes.x + out * pooling.factor;
    sums.dy += sum_of(pooling.width, [&](auto d, std::int64_t i) HWY_ATTR { return through_elu(d, planes, out + i); });
    sums.dy_x += sum_of(pooling.width, [&](auto d, std::int64_t i) HWY_ATTR {
      const auto largest = largest_of(d, planes, first + i, pooling);
      return hn::Mul(through_elu(d, planes, out + i), hn::Sub(largest.x, hn::Set(d, mean)));
    });
  }
  return sums;
}

void PooledInputGradient(const kernels::PooledPlanes& planes, const kernels::InputGradient& gradient,
                         const kernels::Pooling& pooling, float* dx) {
  for (std::int64_t row = 0; row < pooling.rows; ++row) {
    const std::int64_t out = row * pooling.width, in = out * pooling.factor;
    each(pooling.width, [&](auto d, std::int64_t i) HWY_ATTR {
      const auto most = largest_of(d, planes, planes.x + in + i, pooling).x;
      auto left = hn::Mul(through_elu(d, planes, out + i), hn::Set(d, gradient.by_dy));
      for (int k = 0; k < pooling.factor; ++k) {
        const std::int64_t at = in + k * pooling.width + i;
        const auto x = hn::LoadU(d, planes.x + at);
        const auto here = hn::Eq(x, most);
        const auto from_x = hn::MulAdd(x, hn::Set(d, gradient.by_x), hn::Set(d, gradient.constant));
        hn::StoreU(hn::Add(hn::IfThenElseZero(here, left), from_x), d, dx + at);
        left = hn::IfThenZeroElse(here, left);
      }
    });
  }
}

void MaxPool(const float* x, const kernels::Pooling& pooling, float* y) {
  for (std::int64_t row = 0; row < pooling.rows; ++row, y += pooling.width) {
    const float* first = x + row * pooling.factor * pooling.width;
    each(pooling.width, [&](auto d, std::int64_t i) HWY_ATTR {
      auto most = hn::LoadU(d, first + i);
      for (int k = 1; k < pooling.factor; ++k)
        most = hn::Max(most, hn::LoadU(d, first + k * pooling.width + i));
      hn::StoreU(most, d, y + i);
    });
  }
}

void MaxPoolBackward(const float* x, const float* y, const float* dy, const kernels::Pooling& pooling, float* dx) {
  for (std::int64_t row = 0; row < pooling.rows; ++row, y += pooling.width, dy += pooling.width) {
    const std::int64_t first = row * pooling.factor * pooling.width;
    each(pooling.width, [&](auto d, std::int64_t i) HWY_ATTR {
      const auto most = hn::LoadU(d, y + i);
      auto left = hn::LoadU(d, dy + i);
      for (int k = 0; k < pooling.factor; ++k) {
        const std::int64_t at = first + k * pooling.width + i;
        const auto here = hn::Eq(hn::LoadU(d, x + at), most);
        hn::StoreU(hn::IfThenElseZero(here, left), d, dx + at);
        left = hn::IfThenZeroElse(here, left);
      }
    });
  }
}

void Dropout(const float* x, std::uint32_t key, std::uint32_t first, std::uint32_t threshold, float scale, float* y,
             std::int64_t size) {
  for (std::int64_t i = 0; i < size; ++i) {
    const float kept = dropout_hash(key, first + static_cast<std::uint32_t>(i)) >= threshold ? scale : 0.0f;
    y[i] = x[i] * kept;
  }
}

// FLOPs: floor 2·size·lags, less the triangle that falls off the end; each a(t) is broadcast against 4 vectors of lags.
void Autocorrelate(const float* a, std::int64_t size, std::int64_t lags, float* r) {
  for (std::int64_t l = 0; l < lags; l += 4 * kWidth) {
    auto s0 = hn::Zero(kLanes), s1 = s0, s2 = s0, s3 = s0;
    for (std::int64_t t = 0; t + l < size; ++t) {
      const auto at = hn::Set(kLanes, a[t]);
      s0 = hn::MulAdd(at, hn::LoadU(kLanes, a + t + l), s0);
      s1 = hn::MulAdd(at, hn::LoadU(kLanes, a + t + l + kWidth), s1);
      s2 = hn::MulAdd(at, hn::LoadU(kLanes, a + t + l + 2 * kWidth), s2);
      s3 = hn::MulAdd(at, hn::LoadU(kLanes, a + t + l + 3 * kWidth), s3);
    }
    hn::StoreU(s0, kLanes, r + l);
    hn::StoreU(s1, kLanes, r + l + kWidth);
    hn::StoreU(s2, kLanes, r + l + 2 * kWidth);
    hn::StoreU(s3, kLanes, r + l + 3 * kWidth);
  }
}

void AutocorrelateBackward(const float* a, std::int64_t size, const float* dr, std::int64_t lags, float* da) {
  each(size, [&](auto d, std::int64_t t) HWY_ATTR {
    auto later = hn::Zero(d), earlier = later;
    for (std::int64_t l = 0; l < lags; ++l) {
      const auto weight = hn::Set(d, dr[l]);
      later = hn::MulAdd(weight, hn::LoadU(d, a + t + l), later);
      earlier = hn::MulAdd(weight, hn::LoadU(d, a + t - l), earlier);
    }
    hn::StoreU(hn::Add(later, earlier), d, da + t);
  });
}

void AdamW(float* parameter, const float* gradient, float* first_moment, float* second_moment,
           const LayerOps::AdamWOptions& o, std::int64_t size) {
  const double step = static_cast<double>(o.step);
  const double correction1 = 1 - std::pow(static_cast<double>(o.beta1), step);
  const double correction2 = 1 - std::pow(static_cast<double>(o.beta2), step);
  const float rate = static_cast<float>(static_cast<double>(o.learning_rate) / correction1);
  const float to_deviation = static_cast<float>(1 / std::sqrt(correction2));
  const float decay = 1 - o.learning_rate * o.weight_decay;
  for (std::int64_t i = 0; i < size; ++i) {
    const float g = gradient[i] * o.gradient_scale;
    first_moment[i] = o.beta1 * first_moment[i] + (1 - o.beta1) * g;
    second_moment[i] = o.beta2 * second_moment[i] + (1 - o.beta2) * g * g;
    parameter[i] =
        decay * parameter[i] - rate * first_moment[i] / (std::sqrt(second_moment[i]) * to_deviation + o.epsilon);
  }
}

}  // namespace segue::audio::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace segue::audio::kernels {

HWY_EXPORT(Elu);
HWY_EXPORT(EluBackward);
HWY_EXPORT(Sigmoid);
HWY_EXPORT(SigmoidBackward);
HWY_EXPORT(Add);
HWY_EXPORT(Sum);
HWY_EXPORT(SquaredNorm);
HWY_EXPORT(RowMoments);
HWY_EXPORT(Affine);
HWY_EXPORT(RowBatchNormSums);
HWY_EXPORT(RowInputGradient);
HWY_EXPORT(AffineEluPool);
HWY_EXPORT(PooledSums);
HWY_EXPORT(PooledInputGradient);
HWY_EXPORT(MaxPool);
HWY_EXPORT(MaxPoolBackward);
HWY_EXPORT(Dropout);
HWY_EXPORT(Autocorrelate);
HWY_EXPORT(AutocorrelateBackward);
HWY_EXPORT(AdamW);

void elu(const float* x, float* y, std::int64_t size) {
  HWY_DYNAMIC_DISPATCH(Elu)(x, y, size);
}
void elu_backward(const float* y, const float* dy, float* dx, std::int64_t size) {
  HWY_DYNAMIC_DISPATCH(EluBackward)(y, dy, dx, size);
}
void sigmoid(const float* x, float* y, std::int64_t size) {
  HWY_DYNAMIC_DISPATCH(Sigmoid)(x, y, size);
}
void sigmoid_backward(const float* y, const float* dy, float* dx, std::int64_t size) {
  HWY_DYNAMIC_DISPATCH(SigmoidBackward)(y, dy, dx, size);
}
void add(const float* a, const float* b, float* y, std::int64_t size) {
  HWY_DYNAMIC_DISPATCH(Add)(a, b, y, size);
}
double sum(const float* x, std::int64_t size) {
  return HWY_DYNAMIC_DISPATCH(Sum)(x, size);
}
double squared_norm(const float* x, std::int64_t size) {
  return HWY_DYNAMIC_DISPATCH(SquaredNorm)(x, size);
}
Moments moments(const float* x, std::int64_t size) {
  return HWY_DYNAMIC_DISPATCH(RowMoments)(x, size);
}
void affine(const float* x, float scale, float shift, float* y, std::int64_t size) {
  HWY_DYNAMIC_DISPATCH(Affine)(x, scale, shift, y, size);
}
BatchNormSums batch_norm_sums(const float* x, const float* dy, float mean, std::int64_t size) {
  return HWY_DYNAMIC_DISPATCH(RowBatchNormSums)(x, dy, mean, size);
}
void input_gradient(const float* dy, const float* x, const InputGradient& gradient, float* dx, std::int64_t size) {
  HWY_DYNAMIC_DISPATCH(RowInputGradient)(dy, x, gradient, dx, size);
}
void affine_elu_pool(const float* x, float scale, float shift, const Pooling& pooling, float* y) {
  HWY_DYNAMIC_DISPATCH(AffineEluPool)(x, scale, shift, pooling, y);
}
BatchNormSums pooled_sums(const PooledPlanes& planes, float mean, const Pooling& pooling) {
  return HWY_DYNAMIC_DISPATCH(PooledSums)(planes, mean, pooling);
}
void pooled_input_gradient(const PooledPlanes& planes, const InputGradient& gradient, const Pooling& pooling,
                           float* dx) {
  HWY_DYNAMIC_DISPATCH(PooledInputGradient)(planes, gradient, pooling, dx);
}
void max_pool(const float* x, const Pooling& pooling, float* y) {
  HWY_DYNAMIC_DISPATCH(MaxPool)(x, pooling, y);
}
void max_pool_backward(const float* x, const float* y, const float* dy, const Pooling& pooling, float* dx) {
  HWY_DYNAMIC_DISPATCH(MaxPoolBackward)(x, y, dy, pooling, dx);
}
void dropout(const float* x, std::uint32_t key, std::uint32_t first, std::uint32_t threshold, float scale, float* y,
             std::int64_t size) {
  HWY_DYNAMIC_DISPATCH(Dropout)(x, key, first, threshold, scale, y, size);
}
void autocorrelate(const float* a, std::int64_t size, std::int64_t lags, float* r) {
  HWY_DYNAMIC_DISPATCH(Autocorrelate)(a, size, lags, r);
}
void autocorrelate_backward(const float* a, std::int64_t size, const float* dr, std::int64_t lags, float* da) {
  HWY_DYNAMIC_DISPATCH(AutocorrelateBackward)(a, size, dr, lags, da);
}
void adamw(float* parameter, const float* gradient, float* first_moment, float* second_moment,
           const LayerOps::AdamWOptions& options, std::int64_t size) {
  HWY_DYNAMIC_DISPATCH(AdamW)(parameter, gradient, first_moment, second_moment, options, size);
}

}  // namespace segue::audio::kernels
#endif
