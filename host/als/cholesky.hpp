#pragma once

#include <span>

#include "segue/core/matrix.hpp"

namespace segue::als {

/// A = UᵀU in place: reads and writes the upper triangle. A pivot below relative_floor times the largest diagonal
/// element is lifted to it, so that a semi-definite A (no regularisation, fewer songs than the rank) has a factor too.
void cholesky(MatrixView<double> a, double relative_floor);

/// b becomes A⁻¹b.
void cholesky_solve(MatrixView<const double> u, std::span<double> b);

}  // namespace segue::als
