#pragma once

#include <cblas.h>

#include <chrono>
#include <cstdint>

#include "segue/core/matrix.hpp"

namespace segue::bench {

/// FLOP/s of OpenBLAS's C = A·Bᵀ, all n × n, in the best of `repeats` runs after one that is not counted.
inline double sgemm_flops(int threads, int repeats, std::int64_t n = 4096) {
  openblas_set_num_threads(threads);
  const Matrix<float> a(n, n, 0.5f);
  const Matrix<float> b(n, n, 0.25f);
  Matrix<float> c(n, n, 0.0f);
  double best = 0;
  for (int repeat = 0; repeat <= repeats; ++repeat) {
    const auto start = std::chrono::steady_clock::now();
    const auto size = static_cast<int>(n);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, size, size, size, 1, a.data(), size, b.data(), size, 0,
                c.data(), size);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    const double cube = static_cast<double>(n) * static_cast<double>(n) * static_cast<double>(n);
    if (repeat > 0)
      best = std::max(best, 2 * cube / seconds.count());
  }
  return best;
}

}  // namespace segue::bench
