#include <algorithm>
#include <cmath>
#include <vector>

#include "host/audio/layers/layer_kernels.hpp"
#include "host/audio/layers/layer_ops_cpu.hpp"
#include "host/audio/layers/parallel_planes.hpp"
#include "segue/core/aligned.hpp"

namespace segue::audio {
namespace {

constexpr double kVarianceFloor = 1e-6, kEnergyFloor = 1e-6;

std::int64_t rounded_up(std::int64_t lags) {
  return (lags + kernels::kLagBlock - 1) / kernels::kLagBlock * kernels::kLagBlock;
}

/// x − mean(x) between zeros.
AlignedVector<float> centred(const float* x, std::int64_t w, std::int64_t before, std::int64_t after) {
  AlignedVector<float> a(static_cast<std::size_t>(before + w + after), 0.0f);
  const double mean = kernels::sum(x, w) / static_cast<double>(w);
  std::transform(x, x + w, a.begin() + before,
                 [&](float value) { return static_cast<float>(static_cast<double>(value) - mean); });
  return a;
}

/// A lag has w − l terms; what is left of a quarter or less is not blown up further.
double more_terms(std::int64_t w, std::int64_t lag) {
  return static_cast<double>(w) / std::max(static_cast<double>(w - lag), static_cast<double>(w) / 4);
}

/// Where a sample lies between two values of its row, or nowhere.
struct Between {
  std::int64_t left = -1;
  float right_weight = 0;
};

std::vector<Between> places(const SamplePositions& positions, std::int64_t w) {
  std::vector<Between> places;
  places.reserve(positions.at.size());
  for (const float at : positions.at) {
    if (!(at >= 0)) {
      places.push_back({});
      continue;
    }
    const std::int64_t left =
        std::clamp<std::int64_t>(static_cast<std::int64_t>(at), 0, std::max<std::int64_t>(w - 2, 0));
    places.push_back({left, at - static_cast<float>(left)});
  }
  return places;
}

std::vector<double> softmax(const float* logits, std::int64_t w) {
  const double most = static_cast<double>(*std::max_element(logits, logits + w));
  std::vector<double> p(logits, logits + w);
  double total = 0;
  for (double& value : p)
    total += value = std::exp(value - most);
  for (double& value : p)
    value /= total;
  return p;
}

}  // namespace

Tensor CpuLayerOps::statistics_over_w(const Tensor& x) {
  const auto [n, c, h, w] = x.shape;
  Tensor y = make({n, 3 * c, 1, 1});
  for_planes(x.shape, [&](std::int64_t i) {
    const float* row = data(x) + i * x.shape.w;
    float* out = data(y) + i / x.shape.c * 3 * x.shape.c + i % x.shape.c;
    const kernels::Moments moments = kernels::moments(row, x.shape.w);
    out[0] = static_cast<float>(moments.mean);
    out[x.shape.c] = static_cast<float>(std::sqrt(moments.squares / static_cast<double>(x.shape.w) + kVarianceFloor));
    out[2 * x.shape.c] = *std::max_element(row, row + x.shape.w);
  });
  return y;
}

// d mean/dx = 1/w, d deviation/dx = (x − mean)/(w·deviation); the maximum's gradient goes to the first of the largest.
Tensor CpuLayerOps::statistics_over_w_backward(const Tensor& x, const Tensor& y, const Tensor& dy) {
  const std::int64_t c = x.shape.c, w = x.shape.w;
  Tensor dx = make(x.shape);
  for_planes(x.shape, [&](std::int64_t i) {
    const std::int64_t first = i / c * 3 * c + i % c;
    const float* stats = data(y) + first;
    const float* d_stats = data(dy) + first;
    const float* row = data(x) + i * w;
    const float by_x = d_stats[c] / (static_cast<float>(w) * stats[c]);
    kernels::affine(row, by_x, d_stats[0] / static_cast<float>(w) - by_x * stats[0], data(dx) + i * w, w);
    data(dx)[i * w + (std::max_element(row, row + w) - row)] += d_stats[2 * c];
  });
  return dx;
}

Tensor CpuLayerOps::autocorrelation(const Tensor& x, std::int64_t lags) {
  const std::int64_t w = x.shape.w;
  Tensor y = make({x.shape.n, x.shape.c, 1, lags});
  for_rows(x.shape.n * x.shape.c, w * lags / 8, [&](std::int64_t i) {
    const AlignedVector<float> a = centred(data(x) + i * w, w, 0, kernels::kLagBlock);
    AlignedVector<float> r(static_cast<std::size_t>(rounded_up(lags)));
    kernels::autocorrelate(a.data(), w, lags, r.data());
    const double energy = static_cast<double>(r[0]) + kEnergyFloor;
    for (std::int64_t l = 0; l < lags; ++l)
      data(y)[i * lags + l] =
          static_cast<float>(static_cast<double>(r[static_cast<std::size_t>(l)]) / energy * more_terms(w, l));
  });
  return y;
}

// With E = r(0) + 1e-6, f(l) = w/max(w − l, w/4) and g(l) = dy(l)·f(l)/E:
//     dr(l) = g(l),  dr(0) = g(0)·1e-6/E − Σ_{l>0} g(l)·r(l)/E
//     da(t) = Σ_l dr(l)·(a(t + l) + a(t − l)),  dx = da − mean(da)
Tensor CpuLayerOps::autocorrelation_backward(const Tensor& x, const Tensor& dy, std::int64_t lags) {
  const std::int64_t w = x.shape.w;
  Tensor dx = make(x.shape);
  for_rows(x.shape.n * x.shape.c, w * lags / 4, [&](std::int64_t i) {
    const AlignedVector<float> a = centred(data(x) + i * w, w, lags, std::max(lags, kernels::kLagBlock));
    AlignedVector<float> r(static_cast<std::size_t>(rounded_up(lags))), dr(static_cast<std::size_t>(lags));
    kernels::autocorrelate(a.data() + lags, w, lags, r.data());
    const double energy = static_cast<double>(r[0]) + kEnergyFloor;
    double to_energy = static_cast<double>(data(dy)[i * lags]) / energy * kEnergyFloor / energy;
    for (std::int64_t l = 1; l < lags; ++l) {
      const double g = static_cast<double>(data(dy)[i * lags + l]) * more_terms(w, l) / energy;
      dr[static_cast<std::size_t>(l)] = static_cast<float>(g);
      to_energy -= g * static_cast<double>(r[static_cast<std::size_t>(l)]) / energy;
    }
    dr[0] = static_cast<float>(to_energy);
    float* row = data(dx) + i * w;
    kernels::autocorrelate_backward(a.data() + lags, w, dr.data(), lags, row);
    kernels::affine(row, 1.0f, static_cast<float>(-kernels::sum(row, w) / static_cast<double>(w)), row, w);
  });
  return dx;
}

Tensor CpuLayerOps::sample(const Tensor& x, const SamplePositions& positions) {
  const std::int64_t w = x.shape.w, count = std::ssize(positions.at);
  const std::vector<Between> at = places(positions, w);
  Tensor y = make({x.shape.n, x.shape.c, 1, count});
  for_rows(x.shape.n * x.shape.c, count, [&](std::int64_t i) {
    const float* row = data(x) + i * w;
    std::ranges::transform(at, data(y) + i * count, [&](const Between& place) {
      if (place.left < 0)
        return 0.0f;
      const float left = row[place.left], right = row[std::min(place.left + 1, w - 1)];
      return left + place.right_weight * (right - left);
    });
  });
  return y;
}

Tensor CpuLayerOps::sample_backward(const Tensor& dy, const SamplePositions& positions, std::int64_t w) {
  const std::int64_t count = std::ssize(positions.at);
  const std::vector<Between> at = places(positions, w);
  Tensor dx = make({dy.shape.n, dy.shape.c, 1, w});
  for_rows(dy.shape.n * dy.shape.c, count, [&](std::int64_t i) {
    float* row = data(dx) + i * w;
    std::fill_n(row, w, 0.0f);
    for (std::int64_t k = 0; k < count; ++k) {
      const auto [left, right_weight] = at[static_cast<std::size_t>(k)];
      if (left < 0)
        continue;
      const float gradient = data(dy)[i * count + k];
      row[left] += gradient * (1 - right_weight);
      row[std::min(left + 1, w - 1)] += gradient * right_weight;
    }
  });
  return dx;
}

Tensor CpuLayerOps::attend(const Tensor& x, const Tensor& logits) {
  const std::int64_t c = x.shape.c, w = x.shape.w;
  Tensor y = make({x.shape.n, c, 1, 1});
  for_rows(x.shape.n, c * w, [&](std::int64_t n) {
    const std::vector<double> p = softmax(data(logits) + n * w, w);
    for (std::int64_t i = n * c; i < (n + 1) * c; ++i) {
      double total = 0;
      for (std::int64_t t = 0; t < w; ++t)
        total += p[static_cast<std::size_t>(t)] * static_cast<double>(data(x)[i * w + t]);
      data(y)[i] = static_cast<float>(total);
    }
  });
  return y;
}

// With q(t) = Σ_c dy(c)·x(c, t):  dx(c, t) = p(t)·dy(c),  dlogit(t) = p(t)·(q(t) − Σ p·q).
LayerOps::AttendGradients CpuLayerOps::attend_backward(const Tensor& x, const Tensor& logits, const Tensor& dy) {
  const std::int64_t c = x.shape.c, w = x.shape.w;
  AttendGradients gradients{make(x.shape), make(logits.shape)};
  for_rows(x.shape.n, 2 * c * w, [&](std::int64_t n) {
    const std::vector<double> p = softmax(data(logits) + n * w, w);
    std::vector<double> q(p.size());
    for (std::int64_t i = n * c; i < (n + 1) * c; ++i)
      for (std::int64_t t = 0; t < w; ++t) {
        q[static_cast<std::size_t>(t)] += static_cast<double>(data(dy)[i]) * static_cast<double>(data(x)[i * w + t]);
        data(gradients.x)[i * w + t] = static_cast<float>(p[static_cast<std::size_t>(t)]) * data(dy)[i];
      }
    double mean = 0;
    for (std::size_t t = 0; t < p.size(); ++t)
      mean += p[t] * q[t];
    for (std::size_t t = 0; t < p.size(); ++t)
      data(gradients.logits)[n * w + static_cast<std::int64_t>(t)] = static_cast<float>(p[t] * (q[t] - mean));
  });
  return gradients;
}

}  // namespace segue::audio
