// The normal matrix of one row, Σᵢ dᵢyᵢyᵢᵀ, explicit in the registers of a thread block.
//
// The matrix stays in registers, as the sums of mma_m16n8k16 in 16 × 16 blocks. Of the symmetric matrix of n × n
// blocks, strip i holds blocks (i, i + k mod n) for k up to n/2; a warp has strips i and i + n/2, n + 1 blocks, so that
// all warps do the same and each pair of strips meets once. n/2 warps hold the matrix, and 16/n such teams share the
// interactions. The weighted factor dᵢyᵢ goes in as two halves, high + low: 2⁻²² of each term; sums are floats.
#pragma once

#include <algorithm>

#include "cuda/als/gram_product.cuh"

namespace segue::cuda {

template <int kRank>
struct MatrixShape {
  static constexpr int kWarps = 8;
  static constexpr int kThreads = kWarps * kWarpSize;
  static constexpr int kStrips = kRank / 16;  // n
  static constexpr int kTeamWarps = kStrips / 2;
  static constexpr int kTeams = kWarps / kTeamWarps;
  static constexpr int kBlocks = kStrips + 1;                                  // of a warp
  static constexpr int kTile = kRank == 256 ? 32 : std::max(64, 16 * kTeams);  // interactions gathered at a time
  static constexpr int kPieces = kRank / 8;                                    // of 16 bytes in a vector
  static constexpr int kStride = kPieces + 1;                                  // 8 vectors meet 8 different banks
  static constexpr int kStages = 3;
  static constexpr int kAhead = 4;  // tiles whose indices and strengths are under way
  static constexpr int kEnds = 8;   // of tiles, at least kAhead + 1; tile % 8 is cheap to compute again
  static constexpr int kBlocksOnMultiprocessor = kRank <= 128 ? 2 : 1;
  static constexpr int kPartialFours = 2 * kBlocks + 2;  // of a thread, for a slice
  static constexpr std::int64_t kPartialBytes = 16 * kPartialFours * kThreads;
};

struct MatrixArguments {
  CgProblem problem;
  // Powers of two: d and c times the first two fit into halves; then the matrix and vector are to be multiplied by the
  // last two.
  float weight_scale, target_scale, matrix_scale, vector_scale;
};

/// A row's matrix Σᵢ dᵢyᵢyᵢᵀ and vector Σᵢ cᵢpᵢyᵢ in the registers of a thread block.
template <int kRank>
class NormalMatrix {
 public:
  using Shape = MatrixShape<kRank>;

  __device__ void clear() {
#pragma unroll
    for (int block = 0; block < Shape::kBlocks; ++block)
#pragma unroll
      for (int i = 0; i < 8; ++i)
        matrix_[block][i / 4][i % 4] = 0;
#pragma unroll
    for (int i = 0; i < 8; ++i)
      vector_[i / 4][i % 4] = 0;
  }

  /// Adds a tile of interactions.
  __device__ void add_tile(const MatrixArguments& arguments, const uint4* vectors, const float* strengths) {
#pragma unroll 1
    for (int first = team() * 16; first < Shape::kTile; first += Shape::kTeams * 16) {
      const int lane = fresh_thread_index() % kWarpSize;
      float weight[4];
      std::uint32_t target[2];
      weigh(arguments, strengths + first, weight, target);
      // So that the pairs of a second factor come in neighbouring registers, and need no moves.
      const uint4* const row = vectors + (first + lane % 8 + lane / 8 % 2 * 8) * Shape::kStride + lane / 16;
#pragma unroll
      for (int side = 0; side < 2; ++side) {
        const uint4* at = row + strip(side) * 2;
        std::uint32_t own[4], high[4], low[4];
        ldmatrix_x4<true>(own, at);
        const std::uint32_t factor[4] = {own[0], own[2], own[1], own[3]};
        mma_m16n8k16<__half>(vector_[side], factor, target);
        split_weighted(factor, weight, high, low);
#pragma unroll
        for (int k = 0; k <= Shape::kTeamWarps - side; ++k) {
          std::uint32_t other[4] = {own[0], own[1], own[2], own[3]};
          if (k > 0) {
            at += 2;
            if (side == 1 && at == row + Shape::kPieces)  // side 0 ends at strip n − 1
              at = row;                                   // not strip + k mod n: all k's would be held in registers
            ldmatrix_x4<true>(other, at);
          }
          float(&sums)[2][4] = matrix_[side * (Shape::kTeamWarps + 1) + k];
#pragma unroll
          for (int part = 0; part < 2; ++part) {
            const std::uint32_t b[2] = {other[2 * part], other[2 * part + 1]};
            mma_m16n8k16<__half>(sums[part], high, b);
            mma_m16n8k16<__half>(sums[part], low, b);
          }
        }
      }
    }
  }

  /// Adds scale·YᵀY to the first team's share; four(block, part) gives what matrix_[block][part] gets.
  template <class Fours>
  __device__ void add_gram(const Fours& four) {
    if (team() != 0)
      return;
#pragma unroll
    for (int block = 0; block < Shape::kBlocks; ++block)
#pragma unroll
      for (int part = 0; part < 2; ++part)
        add(matrix_[block][part], four(block, part));
  }

  /// What matrix_[block][part] holds of scale·YᵀY in this lane.
  static __device__ float4 gram_four(const MatrixArguments& arguments, int warp, int block, int part) {
    const CgProblem& problem = arguments.problem;
    const float scale = 1 / arguments.matrix_scale;
    const int side = block > Shape::kTeamWarps ? 1 : 0;
    const int row = strip_of(warp, side) * 16 + lane_index() / 4;
    const int k = block - side * (Shape::kTeamWarps + 1);
    const int column = wrapped(strip_of(warp, side) + k) * 16 + part * 8 + lane_index() % 4 * 2;
    const auto pair = [&](int r) {
      if (r >= problem.rank || column >= problem.rank)
        return float2{};
      return __ldg(
          reinterpret_cast<const float2*>(problem.gram + static_cast<std::int64_t>(r) * problem.rank + column));
    };
    const float2 upper = pair(row), lower = pair(row + 8);
    return make_float4(scale * upper.x, scale * upper.y, scale * lower.x, scale * lower.y);
  }

  /// Partial results of a slice: [kPartialFours][kThreads].
  __device__ void store(float4* partial) const {
    partial += threadIdx.x;
#pragma unroll
    for (int block = 0; block < Shape::kBlocks; ++block)
#pragma unroll
      for (int part = 0; part < 2; ++part)
        partial[(2 * block + part) * Shape::kThreads] = as_four(matrix_[block][part]);
#pragma unroll
    for (int side = 0; side < 2; ++side)
      partial[(2 * Shape::kBlocks + side) * Shape::kThreads] = as_four(vector_[side]);
  }
  __device__ void add_partial(const float4* partial) {
    partial += threadIdx.x;
#pragma unroll
    for (int block = 0; block < Shape::kBlocks; ++block)
#pragma unroll
      for (int part = 0; part < 2; ++part)
        add(matrix_[block][part], partial[(2 * block + part) * Shape::kThreads]);
#pragma unroll
    for (int side = 0; side < 2; ++side)
      add(vector_[side], partial[(2 * Shape::kBlocks + side) * Shape::kThreads]);
  }

  /// targets[team] = the team's part of the vector
  __device__ void store_vector(float* targets) const {
    const int lane = fresh_thread_index() % kWarpSize;
    if (lane % 4 != 0)
      return;
#pragma unroll
    for (int side = 0; side < 2; ++side) {
      float* const to = targets + team() * kRank + strip(side) * 16 + lane / 4;
      to[0] = vector_[side][0] + vector_[side][1];  // high and low
      to[8] = vector_[side][2] + vector_[side][3];
    }
  }

  /// products[warp] = the warp's part of the product with v
  __device__ void multiply(const float* v, float* products) const {
    const int thread = fresh_thread_index(), lane = thread % kWarpSize;
    float* const product = products + thread / kWarpSize * kRank;
    float rows[2][2] = {};
#pragma unroll
    for (int block = 0; block < Shape::kBlocks; ++block) {
      const int side = block > Shape::kTeamWarps ? 1 : 0;
      const int k = block - side * (Shape::kTeamWarps + 1);
      const int other = wrapped(strip(side) + k);
      const float(&sums)[2][4] = matrix_[block];
#pragma unroll
      for (int part = 0; part < 2; ++part) {
        const auto at = *reinterpret_cast<const float2*>(v + other * 16 + part * 8 + lane % 4 * 2);
        rows[side][0] += sums[part][0] * at.x + sums[part][1] * at.y;
        rows[side][1] += sums[part][2] * at.x + sums[part][3] * at.y;
      }
      if (k > 0)
        store_columns(sums, v + strip(side) * 16 + lane / 4, product + other * 16);
    }
    __syncwarp();
#pragma unroll
    for (int side = 0; side < 2; ++side)
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        float sum = rows[side][i];
        sum += __shfl_xor_sync(kFullWarp, sum, 1);
        sum += __shfl_xor_sync(kFullWarp, sum, 2);
        float* const to = product + strip(side) * 16 + lane / 4 + 8 * i;
        if (lane % 4 == 0)
          *to = side == 0 ? sum : *to + sum;  // strip i + n/2 has been written as block (i, i + n/2)'s columns
      }
  }

 private:
  static __device__ int strip_of(int warp, int side) {
    return warp % Shape::kTeamWarps + side * Shape::kTeamWarps;
  }
  static __device__ int wrapped(int strip) {
    return strip & (Shape::kStrips - 1);
  }
  static __device__ int strip(int side) {
    return strip_of(fresh_thread_index() / kWarpSize, side);
  }
  static __device__ int team() {
    return fresh_thread_index() / (kWarpSize * Shape::kTeamWarps);
  }

  static __device__ float4 as_four(const float (&values)[4]) {
    return make_float4(values[0], values[1], values[2], values[3]);
  }
  static __device__ void add(float (&to)[4], const float4& four) {
    to[0] += four.x, to[1] += four.y, to[2] += four.z, to[3] += four.w;
  }

  // The d of the lane's four interactions of sixteen; their c·p as the second factor of a product whose columns 0 and 1
  // are its high and low halves.
  static __device__ void weigh(const MatrixArguments& arguments, const float* strengths, float (&weight)[4],
                               std::uint32_t (&target)[2]) {
    const int lane = fresh_thread_index() % kWarpSize;
#pragma unroll
    for (int i = 0; i < 2; ++i) {
      const auto pair = *reinterpret_cast<const float2*>(strengths + i * 8 + lane % 4 * 2);
      __half parts[2][2];
#pragma unroll
      for (int j = 0; j < 2; ++j) {
        const float strength = j == 0 ? pair.x : pair.y;
        const float excess = arguments.problem.alpha * fabsf(strength);
        weight[2 * i + j] = excess * arguments.weight_scale;
        split_float(strength > 0 ? (1 + excess) * arguments.target_scale : 0.0f, parts[0][j], parts[1][j]);
      }
      const std::uint32_t high = pack_halves(parts[0][0], parts[0][1]), low = pack_halves(parts[1][0], parts[1][1]);
      target[i] = lane / 4 == 0 ? high : lane / 4 == 1 ? low : 0u;
    }
  }

  // The lane's 8 elements times their interactions' d.
  static __device__ void split_weighted(const std::uint32_t (&y)[4], const float (&weight)[4], std::uint32_t (&high)[4],
                                        std::uint32_t (&low)[4]) {
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const int k = i / 2 * 2;
      __half h[2], l[2];
      split_float(weight[k] * __half2float(__ushort_as_half(static_cast<unsigned short>(y[i]))), h[0], l[0]);
      split_float(weight[k + 1] * __half2float(__ushort_as_half(static_cast<unsigned short>(y[i] >> 16))), h[1], l[1]);
      high[i] = pack_halves(h[0], h[1]);
      low[i] = pack_halves(l[0], l[1]);
    }
  }

  // product[0…15] = blockᵀ·v: the sums over the 8 lanes that share columns, dealt out to them.
  static __device__ void store_columns(const float (&sums)[2][4], const float* v, float* product) {
    const int lane = fresh_thread_index() % kWarpSize;
    const float first = v[0], second = v[8];
    float columns[2][2];
#pragma unroll
    for (int part = 0; part < 2; ++part)
#pragma unroll
      for (int i = 0; i < 2; ++i)
        columns[part][i] = sums[part][i] * first + sums[part][i + 2] * second;
    const bool right = (lane & 16) != 0, odd = (lane & 8) != 0;
    float kept[2];
#pragma unroll
    for (int i = 0; i < 2; ++i)
      kept[i] = (right ? columns[1][i] : columns[0][i]) +
                __shfl_xor_sync(kFullWarp, right ? columns[0][i] : columns[1][i], 16);
    float sum = (odd ? kept[1] : kept[0]) + __shfl_xor_sync(kFullWarp, odd ? kept[0] : kept[1], 8);
    sum += __shfl_xor_sync(kFullWarp, sum, 4);
    if ((lane & 4) == 0)
      product[(right ? 8 : 0) + lane % 4 * 2 + (odd ? 1 : 0)] = sum;
  }

  float matrix_[Shape::kBlocks][2][4];
  float vector_[2][4];
};

}  // namespace segue::cuda
