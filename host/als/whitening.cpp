#include "host/als/whitening.hpp"

#include <cblas.h>

#include <algorithm>

#include "host/als/cholesky.hpp"
#include "segue/als/engine.hpp"

namespace segue::als {
Whitening::Whitening(Matrix<double> gram, double lambda) : upper_(gram.rows(), gram.columns(), 0.0f) {
  const std::int64_t rank = gram.rows();
  for (std::int64_t k = 0; k < rank; ++k)
    gram(k, k) += lambda;
  cholesky(gram.view(), kWhiteningPivotFloor);
  for (std::int64_t i = 0; i < rank; ++i)
    for (std::int64_t j = i; j < rank; ++j)
      upper_(i, j) = static_cast<float>(gram(i, j));
}

void Whitening::whiten_source(MatrixView<float> y) const {
  cblas_strsm(CblasRowMajor, CblasRight, CblasUpper, CblasNoTrans, CblasNonUnit, static_cast<int>(y.rows()),
              static_cast<int>(y.columns()), 1.0f, upper_.data(), static_cast<int>(upper_.columns()), y.data(),
              static_cast<int>(y.stride()));
}

void Whitening::whiten_target(MatrixView<float> x) const {
  cblas_strmm(CblasRowMajor, CblasRight, CblasUpper, CblasTrans, CblasNonUnit, static_cast<int>(x.rows()),
              static_cast<int>(x.columns()), 1.0f, upper_.data(), static_cast<int>(upper_.columns()), x.data(),
              static_cast<int>(x.stride()));
}

void Whitening::restore_target(MatrixView<float> w) const {
  cblas_strsm(CblasRowMajor, CblasRight, CblasUpper, CblasTrans, CblasNonUnit, static_cast<int>(w.rows()),
              static_cast<int>(w.columns()), 1.0f, upper_.data(), static_cast<int>(upper_.columns()), w.data(),
              static_cast<int>(w.stride()));
}

}  // namespace segue::als
