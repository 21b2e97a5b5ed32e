#pragma once

#include <cstdint>
#include <span>

#include "segue/core/matrix.hpp"

namespace segue::als {

/// Rows that the dense steps (Gram matrix, transforms, rounding) take at a time: a chunk stays in L2.
constexpr std::int64_t kChunkRows = 1024;

/// What the products of a chunk are taken in: floats for iteration (half the time), doubles for what is factored,
/// whose pivots would feel 2⁻²⁴ of YᵀY where it is singular.
enum class Products { float32, float64 };

/// YᵀY in double, from BLAS's syrk over chunks, added in an order that does not depend on the threads.
/// @param offsets  of the CSR matrix that the rows belong to: chunks without interactions are zeros and are not read;
///                 empty: every row counts
Matrix<double> gram_matrix(MatrixView<const float> vectors, Products products,
                           std::span<const std::int64_t> offsets = {});
std::int64_t gram_scratch_bytes(std::int64_t rows, std::int64_t rank);

/// Has a chunk, rows [begin, end), any interactions?
bool has_interactions(std::span<const std::int64_t> offsets, std::int64_t begin, std::int64_t end);

}  // namespace segue::als
