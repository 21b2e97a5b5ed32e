#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "segue/als/solver.hpp"

namespace segue::als {

struct ExactScratch {
  Matrix<double> factor;       ///< [rank × rank] U of A = UᵀU
  Matrix<double> block;        ///< [kBlock × rank]
  std::vector<double> vector;  ///< [rank]
};

std::int64_t exact_scratch_bytes(std::int64_t rank);

/// One row's normal equations in double, A = YᵀY + λI + Σᵢ dᵢyᵢyᵢᵀ with d = alpha·|r|: factored, never iterated.
class ExactRow {
 public:
  /// @param vectors  Y [rows × rank]; borrowed, as is YᵀY
  ExactRow(MatrixView<const float> vectors, const Matrix<double>& gram, const Options& options)
      : vectors_(vectors), gram_(gram), options_(options) {}

  /// @param strengths  empty: 1 each
  void factor(std::span<const std::int32_t> indices, std::span<const float> strengths, ExactScratch& scratch) const;

  /// out = A⁻¹ Σᵢ cᵢpᵢyᵢ; zeros for a row without interactions.
  void solve(std::span<const std::int32_t> indices, std::span<const float> strengths, std::span<float> out,
             ExactScratch& scratch) const;

 private:
  MatrixView<const float> vectors_;
  const Matrix<double>& gram_;
  const Options& options_;
};

}  // namespace segue::als
