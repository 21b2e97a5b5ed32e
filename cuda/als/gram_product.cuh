// YᵀY·p for several rows at once on the tensor cores. Both are split into halves, high + low, so that the three
// products high·high + high·low + low·high keep 2⁻²² of each term; a power of two brings each into the halves' range.
// FLOPs: 3 · 2·rank² for each row of eight, used or not; at rank 128 in floats 2·rank² would take the FMA units 128
// clocks a row and a product, as long as the gathered vectors of 30 interactions.
#pragma once

#include <algorithm>

#include "cuda/als/cg_problem.cuh"
#include "cuda/core/tensor_core.hpp"

namespace segue::cuda {

/// One lane's share of a 16 × 16 tile as the first factor of mma_m16n8k16.
struct alignas(16) GramFragment {
  std::uint32_t high[4], low[4];
};

template <int kRank>
struct GramShape {
  static constexpr int kTiles = kRank / 16;
  static constexpr int kSplits = kRank >= 64 ? 2 : 1;  // of the sum, over warps
  static constexpr int kSteps = kTiles / kSplits;
  static constexpr int kUnits = kTiles * kSplits;  // a warp's work: 16 elements of the product, one part of the sum
  static constexpr int kHalfStride = kRank + 8;    // of split vectors: 8 rows meet 8 different banks
  static constexpr int kStride = kRank + 4;        // of products
};

/// A float as a sum of two halves.
__device__ inline void split_float(float value, __half& high, __half& low) {
  high = __float2half_rn(value);
  low = __float2half_rn(value - __half2float(high));
}
__device__ inline std::uint32_t pack_halves(__half first, __half second) {
  return static_cast<std::uint32_t>(__half_as_ushort(first)) | static_cast<std::uint32_t>(__half_as_ushort(second))
                                                                   << 16;
}

/// fragments[(tile · kTiles + step) · 32 + lane] of scale·YᵀY. Grid: any.
template <int kRank>
__global__ void split_gram_kernel(const float* gram, int rank, float scale, GramFragment* fragments) {
  constexpr int kTiles = GramShape<kRank>::kTiles;
  const int count = kTiles * kTiles * kWarpSize;
  for (int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x); i < count;
       i += static_cast<int>(gridDim.x * blockDim.x)) {
    const int lane = i % kWarpSize, tile = i / kWarpSize / kTiles, step = i / kWarpSize % kTiles;
    GramFragment fragment;
#pragma unroll
    for (int k = 0; k < 4; ++k) {
      const int row = tile * 16 + lane / 4 + k % 2 * 8;
      const int column = step * 16 + lane % 4 * 2 + k / 2 * 8;
      const bool inside = row < rank && column < rank;
      const float* const at = gram + static_cast<std::int64_t>(row) * rank + column;
      __half high[2], low[2];
      split_float(inside ? scale * at[0] : 0.0f, high[0], low[0]);
      split_float(inside ? scale * at[1] : 0.0f, high[1], low[1]);
      fragment.high[k] = pack_halves(high[0], high[1]);
      fragment.low[k] = pack_halves(low[0], low[1]);
    }
    fragments[i] = fragment;
  }
}

/// Of a unit's k-th step.
template <int kRank>
__device__ inline GramFragment load_fragment(const GramFragment* fragments, int unit, int k) {
  using Shape = GramShape<kRank>;
  const int step = unit % Shape::kSplits * Shape::kSteps + k;
  const auto* const from = reinterpret_cast<const uint4*>(
      fragments + (unit / Shape::kSplits * Shape::kTiles + step) * kWarpSize + lane_index());
  const uint4 high = __ldg(from), low = __ldg(from + 1);
  return {{high.x, high.y, high.z, high.w}, {low.x, low.y, low.z, low.w}};
}

/// Rows' vectors in shared memory as halves: [rows × kHalfStride] each.
struct SplitVectors {
  __half* high;
  __half* low;
};

/// 2^k as a float, −126 ≤ k ≤ 127.
__device__ inline float power_of_two(int k) {
  return __int_as_float((k + 127) << 23);
}

/// A warp stores a vector v with |v|² ≤ bound as row `row`; what the products are to be multiplied by to undo its
/// scale.
template <int kRank>
__device__ inline float store_split(const LaneVector<kRank>& v, float bound, const SplitVectors& to, int row) {
  // bound < 2^(e + 1), so |v| < 2^(e/2 + 1): no element leaves 2¹⁵.
  const int exponent = (__float_as_int(bound) >> 23) - 127;
  const int shift = min(max(14 - (exponent >> 1), -100), 100);
  const float scale = power_of_two(shift);
  constexpr int kWidth = LaneVector<kRank>::kWidth;
#pragma unroll
  for (int piece = 0; piece < LaneVector<kRank>::kPieces; ++piece) {
    Piece<unsigned short, kWidth> high, low;
#pragma unroll
    for (int i = 0; i < kWidth; ++i) {
      __half h, l;
      split_float(scale * v.value[piece * kWidth + i], h, l);
      high.value[i] = __half_as_ushort(h);
      low.value[i] = __half_as_ushort(l);
    }
    const int at = row * GramShape<kRank>::kHalfStride + LaneVector<kRank>::first_of(piece);
    *reinterpret_cast<Piece<unsigned short, kWidth>*>(to.high + at) = high;
    *reinterpret_cast<Piece<unsigned short, kWidth>*>(to.low + at) = low;
  }
  return power_of_two(-shift);
}

/// A unit's part of the products with `rows` vectors of at most kRows, to products[split][row][kStride];
/// `fragment(step)` gives the unit's fragments.
template <int kRank, int kRows, class Fragments>
__device__ inline void multiply_unit(int unit, const Fragments& fragment, const SplitVectors& vectors, int rows,
                                     float* products) {
  using Shape = GramShape<kRank>;
  const int lane = lane_index();
  const int tile = unit / Shape::kSplits, split = unit % Shape::kSplits;
  for (int first = 0; first < rows; first += 8) {
    float sum[4] = {};
    const int row = min(first + lane % 8, rows - 1);  // the last stands in for the rest of 8
    const int at = row * Shape::kHalfStride + split * Shape::kSteps * 16 + lane / 8 * 8;
#pragma unroll(2)  // all where the fragments are in registers
    for (int step = 0; step < Shape::kSteps; step += 2) {
      std::uint32_t high[4], low[4];
      ldmatrix_x4(high, vectors.high + at + step * 16);
      ldmatrix_x4(low, vectors.low + at + step * 16);
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        const GramFragment a = fragment(step + i);
        const std::uint32_t b_high[2] = {high[2 * i], high[2 * i + 1]};
        const std::uint32_t b_low[2] = {low[2 * i], low[2 * i + 1]};
        mma_m16n8k16<__half>(sum, a.high, b_high);
        mma_m16n8k16<__half>(sum, a.high, b_low);
        mma_m16n8k16<__half>(sum, a.low, b_high);
      }
    }
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const int product = first + lane % 4 * 2 + i % 2;
      if (product < kRows)
        products[(split * kRows + product) * Shape::kStride + tile * 16 + lane / 4 + i / 2 * 8] = sum[i];
    }
  }
}

/// Adds up a row's parts of the product and undoes the scales.
template <int kRank, int kRows>
__device__ inline LaneVector<kRank> load_product(const float* products, int row, float unscale) {
  using Shape = GramShape<kRank>;
  LaneVector<kRank> sum;
  sum.load(products + row * Shape::kStride);
  if constexpr (Shape::kSplits == 2) {
    LaneVector<kRank> other;
    other.load(products + (kRows + row) * Shape::kStride);
    sum.add(1.0f, other);
  }
#pragma unroll
  for (int i = 0; i < LaneVector<kRank>::kValues; ++i)
    sum.value[i] *= unscale;
  return sum;
}

}  // namespace segue::cuda
