// 16-bit copies of vectors, and how far a product of two copies can be from the score of the vectors.
//
// A copy is x̃ = s·half(x/s), s a power of two: one for each tile of rows, one for each query. With d = ‖x − x̃‖
// measured,
//     |q·x − q̃·x̃| ≤ ‖q − q̃‖‖x‖ + ‖q̃‖‖x − x̃‖                                                    (copies)
// A score is a chain of r = stride fused multiply-adds in float32, off by at most (Higham 2002, §3.1; u = 2⁻²⁴)
//     r·u/(1 − r·u)·‖q‖‖x‖ + r·2⁻¹⁵⁰                                                             (score)
// the last for underflow. The tensor core adds 16 products to a float32 sum: products are exact; addends are aligned to
// the largest and may be cut below its 24th bit (Fasi et al. 2021, https://doi.org/10.7717/peerj-cs.330), so 17 addends
// and the result are off by less than 18·2⁻²³ of Σ|addends|, over r/16 steps 1.2·r·2⁻²³; we allow nearly twice that:
//     (r + 16)·2⁻²²·(‖q̃‖‖x̃‖ + |bias|)                                                            (scan)
// A tile's norm is n = max(‖x‖, 2¹²‖x − x̃‖) over its rows, so that all of it is (slope + curve·n)·n with, for each
// query,
//     slope = ‖q − q̃‖ + 2⁻¹²‖q̃‖ + (r + 16)·2⁻²⁴‖q‖ + (r + 16)·2⁻²²·(1 + 2⁻¹²)‖q̃‖
//     curve = ½·((r + 16)·2⁻²² + 2⁻²⁰) for l2, whose bias is −½‖x‖², else 0
// where 16·2⁻²⁴‖q‖ and 2⁻²⁰ are for the few roundings of the comparison itself. Lengths are under 2⁶⁰, so that no score
// and no sum overflows; vectors that are longer are not scanned, but always measured.
#pragma once

#include <cmath>

#include "cuda/core/kernel.hpp"
#include "cuda/search/stored_rows.hpp"

namespace segue::cuda::search {

/// A query in the scan. In units of the query's scale and the tile's, a row that is no hit has a sum of at most
///     limit·inverse_scale(tile) − (slope + curve·norm)·norm·inverse_scale(tile)
struct alignas(16) Bound {
  float limit;  ///< of the score; NaN: every row may be a hit; +∞: none is
  float slope, curve;
  float inverse_scale;  ///< of the query
};

inline constexpr double kScannedSquare = 0x1p120;  // ‖x‖² that is scanned
inline constexpr float kInfinity = __builtin_huge_valf();
inline constexpr float kNaN = __builtin_nanf("");

/// The sum has one order: CPU and GPU come to the same unit vectors. (A float's square is exact in double.)
__device__ inline double square_of(const float* vector, std::int64_t size) {
  double sum = 0;
  for (std::int64_t d = 0; d < size; ++d)
    sum += static_cast<double>(vector[d]) * vector[d];
  return sum;
}

/// As host/search/packing.cpp: a zero vector stays zero, one that is not finite becomes NaN somewhere.
__device__ inline void to_unit_length(float* vector, std::int64_t size) {
  const double length = sqrt(square_of(vector, size));
  const double scale = length == 0 ? 0 : 1 / length;
  for (std::int64_t d = 0; d < size; ++d)
    vector[d] = static_cast<float>(vector[d] * scale);
}

__device__ inline float largest_component(const float* vector, std::int64_t size) {
  float largest = 0;
  for (std::int64_t d = 0; d < size; ++d)
    largest = fmaxf(largest, fabsf(vector[d]));
  return largest;
}

/// A power of two that brings `largest` into [2¹³, 2¹⁴), 27 binades above the smallest 16-bit float; 1 for zero.
__device__ inline float inverse_scale_of(float largest) {
  if (largest == 0)
    return 1;
  const int exponent = 13 - ilogbf(largest);
  return scalbnf(1.0f, exponent < 113 ? exponent : 113);
}

/// @returns ‖x − x̃‖² in units of the scale
__device__ inline double copy_vector(const float* vector, std::int64_t size, float inverse_scale, __half* copy) {
  double sum = 0;
  for (std::int64_t d = 0; d < size; ++d) {
    copy[d] = __float2half(vector[d] * inverse_scale);
    const double difference =
        static_cast<double>(vector[d]) * inverse_scale - static_cast<double>(__half2float(copy[d]));
    sum += difference * difference;
  }
  return sum;
}

__device__ inline void clear_copy(std::int64_t size, __half* copy) {
  for (std::int64_t d = 0; d < size; ++d)
    copy[d] = __float2half(0.0f);
}

template <bool kIsL2>
__device__ float bias_of(double square, float inverse_scale) {
  if (std::isnan(square))
    return -kInfinity;
  if (!(square < kScannedSquare))
    return kNaN;
  return kIsL2 ? static_cast<float>(-0.5 * square * inverse_scale) : 0.0f;
}

/// The largest of the block's non-negative values.
__device__ inline float block_max(float value) {
  SEGUE_SHARED(unsigned, largest);
  if (threadIdx.x == 0)
    largest = 0;
  __syncthreads();
  atomicMax(&largest, __float_as_uint(value));
  __syncthreads();
  const float result = __uint_as_float(largest);
  __syncthreads();
  return result;
}

struct RowsToPrepare {
  std::int64_t rows, stride;
  float* vectors;
  __half* copies;
  float* biases;
  Tile* tiles;
  bool to_unit_length;
};

/// A block a tile, a thread a row. Reads each vector three times and writes 6·stride bytes: it is run once an index.
template <bool kIsL2>
__global__ void prepare_rows_kernel(RowsToPrepare work) {
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * kTileRows + threadIdx.x;
  const bool is_padding = row >= work.rows;
  const std::int64_t size = is_padding ? 0 : work.stride;
  float* const vector = work.vectors + row * work.stride;
  __half* const copy = work.copies + row * work.stride;
  if (work.to_unit_length)
    to_unit_length(vector, size);
  const double square = square_of(vector, size);
  const bool is_scanned = square < kScannedSquare;

  const float inverse_scale = inverse_scale_of(block_max(is_scanned ? largest_component(vector, size) : 0.0f));
  double norm = 0;
  if (is_scanned && !is_padding)
    norm = fmax(sqrt(square), 0x1p12 * sqrt(copy_vector(vector, size, inverse_scale, copy)) / inverse_scale);
  else
    clear_copy(work.stride, copy);
  work.biases[row] = is_padding ? -kInfinity : bias_of<kIsL2>(square, inverse_scale);
  const float tile_norm = block_max(static_cast<float>(norm * (1 + 0x1p-20) + 0x1p-149));
  if (threadIdx.x == 0)
    work.tiles[blockIdx.x] = {inverse_scale, tile_norm};
}

struct QueriesToPrepare {
  std::int64_t queries, stride;
  float* vectors;
  __half* copies;
  Bound* bounds;
  double* squares;  ///< ‖q‖²; NaN: the query cannot be scanned, so that its limit stays NaN
  bool to_unit_length;
};

/// A thread a query.
template <bool kIsL2>
__global__ void prepare_queries_kernel(QueriesToPrepare work) {
  const std::int64_t query = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (query >= work.queries)
    return;
  float* const vector = work.vectors + query * work.stride;
  __half* const copy = work.copies + query * work.stride;
  if (work.to_unit_length)
    to_unit_length(vector, work.stride);
  const double square = square_of(vector, work.stride);
  if (!(square < kScannedSquare)) {
    clear_copy(work.stride, copy);
    work.bounds[query] = {std::isnan(square) ? kInfinity : kNaN, 0, 0, 1};
    work.squares[query] = static_cast<double>(kNaN);
    return;
  }
  const float inverse_scale = inverse_scale_of(largest_component(vector, work.stride));
  const double error = sqrt(copy_vector(vector, work.stride, inverse_scale, copy));
  const double norm = sqrt(square) * inverse_scale, copy_norm = norm + error;
  const double steps = static_cast<double>(work.stride + 16);
  const double slope = error + copy_norm * (0x1p-12 + steps * 0x1p-22 * (1 + 0x1p-12)) + norm * steps * 0x1p-24;
  const double curve = kIsL2 ? 0.5 * (steps * 0x1p-22 + 0x1p-20) * inverse_scale : 0;
  work.bounds[query] = {kNaN, static_cast<float>(slope * (1 + 0x1p-16)), static_cast<float>(curve * (1 + 0x1p-16)),
                        inverse_scale};
  work.squares[query] = square;
}

}  // namespace segue::cuda::search
