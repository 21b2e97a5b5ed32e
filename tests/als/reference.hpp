#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "segue/als/solver.hpp"
#include "segue/core/random.hpp"

namespace segue::als::reference {

/// A random matrix of counts with its transpose; every third row and every fourth column is empty.
struct Problem {
  data::Csr by_user;
  data::Csr by_song;
};

inline Problem random_problem(std::int64_t users, std::int64_t songs, double density, std::uint64_t seed,
                              bool with_negatives = false) {
  Random random(seed);
  data::Csr matrix;
  matrix.rows = users;
  matrix.columns = songs;
  for (std::int64_t u = 0; u < users; ++u) {
    for (std::int64_t i = 0; i < songs; ++i)
      if (u % 3 != 1 && i % 4 != 2 && random.uniform() < density) {
        const float strength = static_cast<float>(1 + random.below(5));
        matrix.indices.push_back(static_cast<std::int32_t>(i));
        matrix.values.push_back(with_negatives && random.uniform() < 0.3 ? -0.5f * strength : strength);
      }
    matrix.offsets.push_back(static_cast<std::int64_t>(matrix.indices.size()));
  }
  data::Csr transposed = data::transpose(matrix.view());
  return {std::move(matrix), std::move(transposed)};
}

inline Matrix<float> random_vectors(std::int64_t rows, std::int64_t rank, std::uint64_t seed) {
  Random random(seed);
  Matrix<float> vectors(rows, rank);
  for (std::int64_t i = 0; i < rows * rank; ++i)
    vectors.data()[i] = static_cast<float>(0.3 * random.normal());
  return vectors;
}

using Dense = std::vector<std::vector<double>>;

inline double lambda(const Options& options, const data::CsrView& m, std::int64_t row) {
  return options.regularization *
         std::pow(static_cast<double>(m.row_size(row)) + static_cast<double>(m.columns) / options.alpha,
                  options.regularization_exponent);
}

/// A = Σᵢ c yᵢyᵢᵀ + λI over every song, b = Σᵢ c p yᵢ: the normal equations as Hu et al. write them, nothing saved.
inline void normal_equations(const data::CsrView& m, std::int64_t row, MatrixView<const float> y,
                             const Options& options, Dense& a, std::vector<double>& b) {
  const auto rank = static_cast<std::size_t>(y.columns());
  a.assign(rank, std::vector<double>(rank, 0.0));
  b.assign(rank, 0.0);
  std::vector<double> strength(static_cast<std::size_t>(y.rows()), 0.0);
  for (std::size_t j = 0; j < m.row_indices(row).size(); ++j)
    strength[static_cast<std::size_t>(m.row_indices(row)[j])] = static_cast<double>(m.row_values(row)[j]);
  for (std::int64_t i = 0; i < y.rows(); ++i) {
    const double r = strength[static_cast<std::size_t>(i)];
    const double c = 1 + options.alpha * std::abs(r);
    for (std::size_t k = 0; k < rank; ++k) {
      const double yk = static_cast<double>(y.row(i)[k]);
      b[k] += r > 0 ? c * yk : 0.0;
      for (std::size_t l = 0; l < rank; ++l)
        a[k][l] += c * yk * static_cast<double>(y.row(i)[l]);
    }
  }
  for (std::size_t k = 0; k < rank; ++k)
    a[k][k] += lambda(options, m, row);
}

/// Gaussian elimination with partial pivoting.
inline std::vector<double> solve(Dense a, std::vector<double> b) {
  const std::size_t n = b.size();
  for (std::size_t k = 0; k < n; ++k) {
    std::size_t pivot = k;
    for (std::size_t i = k + 1; i < n; ++i)
      if (std::abs(a[i][k]) > std::abs(a[pivot][k]))
        pivot = i;
    std::swap(a[k], a[pivot]);
    std::swap(b[k], b[pivot]);
    for (std::size_t i = k + 1; i < n; ++i) {
      const double factor = a[i][k] / a[k][k];
      for (std::size_t j = k; j < n; ++j)
        a[i][j] -= factor * a[k][j];
      b[i] -= factor * b[k];
    }
  }
  for (std::size_t k = n; k-- > 0;) {
    for (std::size_t j = k + 1; j < n; ++j)
      b[k] -= a[k][j] * b[j];
    b[k] /= a[k][k];
  }
  return b;
}

inline std::vector<double> multiply(const Dense& a, const std::vector<double>& x) {
  std::vector<double> y(x.size(), 0.0);
  for (std::size_t i = 0; i < x.size(); ++i)
    for (std::size_t j = 0; j < x.size(); ++j)
      y[i] += a[i][j] * x[j];
  return y;
}

inline double dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    sum += a[i] * b[i];
  return sum;
}

/// Hestenes & Stiefel (1952) preconditioned by M (empty: none), as Saad (2003), algorithm 9.1, states it.
inline std::vector<double> conjugate_gradient(const Dense& a, const std::vector<double>& b, std::vector<double> x,
                                              int steps, const Dense& preconditioner = {}) {
  const auto precondition = [&](const std::vector<double>& r) {
    return preconditioner.empty() ? r : solve(preconditioner, r);
  };
  std::vector<double> r = multiply(a, x);
  for (std::size_t i = 0; i < r.size(); ++i)
    r[i] = b[i] - r[i];
  std::vector<double> z = precondition(r), p = z;
  double rz = dot(r, z);
  for (int step = 0; step < steps && rz > 0; ++step) {
    const std::vector<double> ap = multiply(a, p);
    const double length = rz / dot(p, ap);
    for (std::size_t i = 0; i < x.size(); ++i) {
      x[i] += length * p[i];
      r[i] -= length * ap[i];
    }
    z = precondition(r);
    const double next = dot(r, z);
    for (std::size_t i = 0; i < x.size(); ++i)
      p[i] = z[i] + next / rz * p[i];
    rz = next;
  }
  return x;
}

/// max |got − want| ≤ tolerance · max |want| over a row; NaN is not within anything. Where the answer is 0 (a row of
/// skips only), iteration ends at the rounding of vectors of this test's size, 0.3.
inline bool row_is_near(std::span<const float> got, const std::vector<double>& want, double tolerance) {
  double largest = 0, error = 0;
  for (std::size_t k = 0; k < want.size(); ++k) {
    largest = std::max(largest, std::abs(want[k]));
    const double difference = std::abs(static_cast<double>(got[k]) - want[k]);
    if (!(difference <= error))
      error = difference;
  }
  return error <= tolerance * (largest > 0 ? largest : 0.3);
}

/// What nothing must leave behind.
inline constexpr float kPoison = std::numeric_limits<float>::quiet_NaN();

inline Matrix<float> users_of(const Solver& solver, std::int64_t rows) {
  Matrix<float> out(rows, solver.options().rank, kPoison);
  solver.copy_users(out.view());
  return out;
}

inline Matrix<float> songs_of(const Solver& solver, std::int64_t rows) {
  Matrix<float> out(rows, solver.options().rank, kPoison);
  solver.copy_songs(out.view());
  return out;
}

inline bool same_bits(const Matrix<float>& a, const Matrix<float>& b) {
  return a.rows() == b.rows() && a.columns() == b.columns() &&
         std::equal(a.data(), a.data() + a.rows() * a.columns(), b.data());
}

}  // namespace segue::als::reference
