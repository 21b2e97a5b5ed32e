#pragma once

#include "segue/core/matrix.hpp"

namespace segue::als {

/// Coordinates in which UᵀU = YᵀY + λI is the identity: with z = U⁻ᵀy and w = Ux, the row's equations become
///     (I + Σᵢ dᵢzᵢzᵢᵀ) w = Σᵢ cᵢpᵢzᵢ
/// so CG needs no rank² product for a row and is preconditioned by what all rows share. |z| ≤ 1 for each row of Y.
class Whitening {
 public:
  Whitening(Matrix<double> gram, double lambda);

  void whiten_source(MatrixView<float> y) const;   ///< rows y → U⁻ᵀy
  void whiten_target(MatrixView<float> x) const;   ///< rows x → Ux
  void restore_target(MatrixView<float> w) const;  ///< rows w → U⁻¹w

 private:
  Matrix<float> upper_;
};

}  // namespace segue::als
