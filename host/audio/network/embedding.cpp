#include "host/audio/network/embedding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "host/audio/network/parameters.hpp"
#include "segue/core/error.hpp"

namespace segue::audio {
namespace {

constexpr char kMean[] = "embedding.mean";
constexpr char kScale[] = "embedding.scale";
constexpr char kProjection[] = "embedding.projection";

std::vector<float> statistics_of(const Heard& heard) {
  std::vector<float> all = heard.harmonic_statistics;
  all.insert(all.end(), heard.rhythm_statistics.begin(), heard.rhythm_statistics.end());
  return all;
}

/// Eigenvalues and, as rows, eigenvectors of a symmetric matrix, by cyclic rotations (Jacobi 1846).
struct Eigen {
  std::vector<double> values;
  Matrix<double> vectors;
};

// The angle that makes a(p, q) zero (Golub & Van Loan 2013, 8.5).
std::pair<double, double> rotation(const Matrix<double>& a, std::int64_t p, std::int64_t q) {
  const double tau = (a(q, q) - a(p, p)) / (2 * a(p, q));
  const double t = std::copysign(1 / (std::abs(tau) + std::sqrt(1 + tau * tau)), tau);
  const double c = 1 / std::sqrt(1 + t * t);
  return {c, t * c};
}

void rotate(double& x, double& y, double c, double s) {
  const double old = x;
  x = c * old - s * y;
  y = s * old + c * y;
}

double off_diagonal(const Matrix<double>& a) {
  double sum = 0;
  for (std::int64_t p = 0; p < a.rows(); ++p)
    for (std::int64_t q = p + 1; q < a.rows(); ++q)
      sum += a(p, q) * a(p, q);
  return sum;
}

Eigen eigen(Matrix<double> a) {
  const std::int64_t n = a.rows();
  Matrix<double> v(n, n, 0.0);
  double size = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    v(i, i) = 1;
    size += a(i, i) * a(i, i);
  }
  constexpr int kMostSweeps = 30;
  for (int sweep = 0; sweep < kMostSweeps && off_diagonal(a) > 1e-22 * size; ++sweep)
    for (std::int64_t p = 0; p < n; ++p)
      for (std::int64_t q = p + 1; q < n; ++q) {
        if (a(p, q) == 0)
          continue;
        const auto [c, s] = rotation(a, p, q);
        for (std::int64_t k = 0; k < n; ++k)
          rotate(a(p, k), a(q, k), c, s);
        for (std::int64_t k = 0; k < n; ++k)
          rotate(a(k, p), a(k, q), c, s);
        for (std::int64_t k = 0; k < n; ++k)
          rotate(v(p, k), v(q, k), c, s);
      }
  std::vector<double> values;
  for (std::int64_t i = 0; i < n; ++i)
    values.push_back(a(i, i));
  return {std::move(values), std::move(v)};
}

Matrix<double> correlation(const std::vector<std::vector<float>>& rows, const std::vector<float>& mean,
                           const std::vector<float>& scale) {
  const auto n = std::ssize(mean);
  Matrix<double> sum(n, n, 0.0);
  std::vector<double> z(mean.size());
  for (const std::vector<float>& row : rows) {
    for (std::size_t i = 0; i < z.size(); ++i)
      z[i] = static_cast<double>((row[i] - mean[i]) * scale[i]) / std::sqrt(static_cast<double>(rows.size()));
    for (std::int64_t i = 0; i < n; ++i)
      for (std::int64_t j = 0; j < n; ++j)
        sum(i, j) += z[static_cast<std::size_t>(i)] * z[static_cast<std::size_t>(j)];
  }
  return sum;
}

void standardise(const std::vector<std::vector<float>>& rows, std::vector<float>& mean, std::vector<float>& scale) {
  for (std::size_t i = 0; i < rows[0].size(); ++i) {
    double sum = 0, squares = 0;
    for (const std::vector<float>& row : rows)
      sum += static_cast<double>(row[i]);
    const double average = sum / static_cast<double>(rows.size());
    for (const std::vector<float>& row : rows)
      squares += (static_cast<double>(row[i]) - average) * (static_cast<double>(row[i]) - average);
    const double deviation = std::sqrt(squares / static_cast<double>(rows.size()));
    mean.push_back(static_cast<float>(average));
    scale.push_back(deviation > 1e-6 ? static_cast<float>(1 / deviation) : 0.0f);  // what never changes says nothing
  }
}

}  // namespace

Embedding::Embedding(const Weights& weights) {
  const auto found = weights.tensors.find(kProjection);
  if (found == weights.tensors.end() || found->second.shape.size() == 0)
    throw BadInput(fmt::format("the weights have no tensor {}: their training was not finished", kProjection));
  const Shape shape = found->second.shape;
  projection_ = require_tensor(weights, kProjection, {shape.n, shape.c, 1, 1}).values;
  mean_ = require_tensor(weights, kMean, {1, shape.c, 1, 1}).values;
  scale_ = require_tensor(weights, kScale, {1, shape.c, 1, 1}).values;
}

std::vector<float> Embedding::of(const Heard& heard) const {
  const std::vector<float> statistics = statistics_of(heard);
  if (statistics.size() != mean_.size())
    throw BadInput(
        fmt::format("the weights' tensor {} is of {} statistics, expected {}", kMean, mean_.size(), statistics.size()));
  std::vector<float> point;
  double squares = 0;
  for (std::size_t axis = 0; axis * mean_.size() < projection_.size(); ++axis) {
    double sum = 0;
    for (std::size_t i = 0; i < mean_.size(); ++i)
      sum += static_cast<double>(projection_[axis * mean_.size() + i] * (statistics[i] - mean_[i]) * scale_[i]);
    point.push_back(static_cast<float>(sum));
    squares += sum * sum;
  }
  const auto factor = static_cast<float>(squares > 0 ? 1 / std::sqrt(squares) : 0);
  for (float& value : point)
    value *= factor;
  return point;
}

void fit_embedding(std::span<const Heard> heard, Weights& weights) {
  std::vector<std::vector<float>> rows;
  for (const Heard& clip : heard)
    rows.push_back(statistics_of(clip));
  std::vector<float> mean, scale;
  standardise(rows, mean, scale);
  const Eigen axes = eigen(correlation(rows, mean, scale));

  std::vector<std::int64_t> order(mean.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, std::greater<>(),
                           [&](std::int64_t i) { return axes.values[static_cast<std::size_t>(i)]; });
  order.resize(std::min<std::size_t>(order.size(), kEmbeddingDimension));
  std::vector<float> projection;
  for (const std::int64_t axis : order)
    std::ranges::transform(axes.vectors.row(axis), std::back_inserter(projection),
                           [](double value) { return static_cast<float>(value); });
  const auto width = std::ssize(mean);
  weights.tensors[kMean] = {{1, width, 1, 1}, std::move(mean)};
  weights.tensors[kScale] = {{1, width, 1, 1}, std::move(scale)};
  weights.tensors[kProjection] = {{std::ssize(order), width, 1, 1}, std::move(projection)};
}

}  // namespace segue::audio
