#include "host/als/exact_row.hpp"

#include <cblas.h>

#include <algorithm>
#include <cmath>

#include "host/als/cholesky.hpp"
#include "host/als/half_iteration.hpp"

namespace segue::als {
namespace {

constexpr std::size_t kBlock = 256;  // vectors for one dsyrk

double strength_at(std::span<const float> strengths, std::size_t i) {
  return strengths.empty() ? 1.0 : static_cast<double>(strengths[i]);
}

}  // namespace

std::int64_t exact_scratch_bytes(std::int64_t rank) {
  return 8 * rank * (rank + static_cast<std::int64_t>(kBlock) + 1);
}

void ExactRow::factor(std::span<const std::int32_t> indices, std::span<const float> strengths,
                      ExactScratch& scratch) const {
  const std::int64_t rank = vectors_.columns();
  scratch.factor = gram_;
  if (scratch.block.columns() != rank)
    scratch.block = Matrix<double>(kBlock, rank);
  Matrix<double>& a = scratch.factor;
  const double lambda = row_lambda(options_, static_cast<std::int64_t>(indices.size()), vectors_.rows());
  for (std::int64_t k = 0; k < rank; ++k)
    a(k, k) += lambda;
  for (std::size_t begin = 0; begin < indices.size(); begin += kBlock) {
    const std::size_t count = std::min(kBlock, indices.size() - begin);
    for (std::size_t i = 0; i < count; ++i) {
      const double weight = std::sqrt(options_.alpha * std::abs(strength_at(strengths, begin + i)));
      const std::span<const float> vector = vectors_.row(indices[begin + i]);
      std::transform(vector.begin(), vector.end(), scratch.block.row(static_cast<std::int64_t>(i)).begin(),
                     [&](float value) { return weight * static_cast<double>(value); });
    }
    cblas_dsyrk(CblasRowMajor, CblasUpper, CblasTrans, static_cast<int>(rank), static_cast<int>(count), 1.0,
                scratch.block.data(), static_cast<int>(rank), 1.0, a.data(), static_cast<int>(rank));
  }
  cholesky(a.view(), kExactPivotFloor);
}

void ExactRow::solve(std::span<const std::int32_t> indices, std::span<const float> strengths, std::span<float> out,
                     ExactScratch& scratch) const {
  std::fill(out.begin(), out.end(), 0.0f);
  if (indices.empty())
    return;
  factor(indices, strengths, scratch);
  scratch.vector.assign(static_cast<std::size_t>(vectors_.columns()), 0.0);
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const double strength = strength_at(strengths, i);
    if (strength <= 0)
      continue;
    const std::span<const float> vector = vectors_.row(indices[i]);
    for (std::size_t k = 0; k < vector.size(); ++k)
      scratch.vector[k] += (1 + options_.alpha * strength) * static_cast<double>(vector[k]);
  }
  cholesky_solve(std::as_const(scratch.factor).view(), scratch.vector);
  std::transform(scratch.vector.begin(), scratch.vector.end(), out.begin(),
                 [](double value) { return static_cast<float>(value); });
}

}  // namespace segue::als
