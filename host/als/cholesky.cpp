#include "host/als/cholesky.hpp"

#include <algorithm>
#include <cmath>

namespace segue::als {
namespace {

// y −= w·a, contiguous: the compiler vectorises it.
void subtract(double w, const double* __restrict a, std::int64_t count, double* __restrict y) {
  for (std::int64_t i = 0; i < count; ++i)
    y[i] -= w * a[i];
}

}  // namespace

void cholesky(MatrixView<double> a, double relative_floor) {
  const std::int64_t n = a.rows();
  double largest = 0;
  for (std::int64_t k = 0; k < n; ++k)
    largest = std::max(largest, a(k, k));
  const double floor = largest > 0 ? largest * relative_floor : 1.0;
  for (std::int64_t k = 0; k < n; ++k) {
    double* row = &a(k, k);
    const double root = std::sqrt(std::max(row[0], floor));
    row[0] = root;
    for (std::int64_t i = 1; i < n - k; ++i)
      row[i] /= root;
    for (std::int64_t i = 1; i < n - k; ++i)
      subtract(row[i], row + i, n - k - i, &a(k + i, k + i));
  }
}

void cholesky_solve(MatrixView<const double> u, std::span<double> b) {
  const std::int64_t n = u.rows();
  double* x = b.data();
  for (std::int64_t k = 0; k < n; ++k) {
    x[k] /= u(k, k);
    subtract(x[k], &u(k, k) + 1, n - k - 1, x + k + 1);
  }
  for (std::int64_t k = n - 1; k >= 0; --k) {
    const double* row = &u(k, k);
    double sum = x[k];
    for (std::int64_t i = 1; i < n - k; ++i)
      sum -= row[i] * x[k + i];
    x[k] = sum / row[0];
  }
}

}  // namespace segue::als
