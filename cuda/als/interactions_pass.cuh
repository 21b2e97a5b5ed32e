// One pass of one warp over some of a row's interactions: Σᵢ wᵢ yᵢ with wᵢ from yᵢ·v, each yᵢ read once and held in
// registers between the two.
//
// A few lanes share a vector in 16-byte pieces, so that a warp takes several vectors at once and a dot product is short
// of shuffles; at rank 128 in halves 8 lanes, 4 vectors. Instructions of a vector there: 4 to convert, 4 for yᵢ·v, 4
// for the sum, 3 others: 3.8 clocks of a multiprocessor, against 2 for its 256 bytes from shared memory and 10 to 17
// from the L2 cache or device memory.
#pragma once

#include <algorithm>
#include <type_traits>

#include "cuda/als/cg_problem.cuh"

namespace segue::cuda {

template <class Stored, int kRank>
struct VectorShape {
  static constexpr int kPiece = 16 / static_cast<int>(sizeof(Stored));  // values of 16 bytes
  static constexpr int kPieces = kRank / kPiece;
  static constexpr int kLanes = std::min(std::max(kRank / 16, std::min(8, kPieces)), 32);  // that share a vector
  static constexpr int kLanePieces = kPieces / kLanes;
  static constexpr int kValues = kRank / kLanes;        // of a vector in a lane
  static constexpr int kGroup = kWarpSize / kLanes;     // vectors of a warp at once
  static constexpr int kKept = kValues / kGroup;        // values of a sum in a lane, in the end
  static constexpr int kUnroll = kValues > 16 ? 1 : 2;  // of the loop over groups
};

/// The values of 16 stored bytes.
template <class Stored>
__device__ inline void widen(const uint4& piece, float (&out)[8]) {
  const std::uint32_t words[4] = {piece.x, piece.y, piece.z, piece.w};
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    if constexpr (std::is_same_v<Stored, __half>) {
      out[2 * i] = __half2float(__ushort_as_half(static_cast<unsigned short>(words[i])));
      out[2 * i + 1] = __half2float(__ushort_as_half(static_cast<unsigned short>(words[i] >> 16)));
    } else {  // __nv_bfloat16, a float's upper half
      out[2 * i] = __uint_as_float(words[i] << 16);
      out[2 * i + 1] = __uint_as_float(words[i] & 0xffff0000u);
    }
  }
}
template <class Stored>
__device__ inline void widen(const uint4& piece, float (&out)[4]) {
  out[0] = __uint_as_float(piece.x);
  out[1] = __uint_as_float(piece.y);
  out[2] = __uint_as_float(piece.z);
  out[3] = __uint_as_float(piece.w);
}

enum class Pass {
  residual,   // wᵢ = cᵢpᵢ − dᵢ yᵢ·v
  product,    // wᵢ = dᵢ yᵢ·v
  curvature,  // Σᵢ dᵢ(yᵢ·v)² only
};

/// Sums over interactions [first, last) of `source`, a whole number of groups; `sums` gets the vector, `squares`
/// Σᵢ dᵢ(yᵢ·v)². source.piece(i, k) is 16 bytes of vector i, source.strength(i) its r, 0 for what only fills a group.
template <class Stored, int kRank, class Source>
__device__ inline void pass_over(const CgProblem& problem, const Source& source, int first, int last, Pass pass,
                                 const float* v, float* sums, float* squares) {
  using Shape = VectorShape<Stored, kRank>;
  const int lane = lane_index(), part = lane % Shape::kLanes;
  float with[Shape::kValues], sum[Shape::kValues] = {};
#pragma unroll
  for (int k = 0; k < Shape::kLanePieces; ++k) {
    const auto* const from = reinterpret_cast<const float4*>(v + (part + k * Shape::kLanes) * Shape::kPiece);
#pragma unroll
    for (int i = 0; i < Shape::kPiece / 4; ++i) {
      const float4 four = from[i];
      float* const to = with + k * Shape::kPiece + 4 * i;
      to[0] = four.x, to[1] = four.y, to[2] = four.z, to[3] = four.w;
    }
  }
  const float scale = problem.scale, weight_scale = problem.alpha * scale * scale;
  float square = 0;
#pragma unroll(Shape::kUnroll)
  for (int i = first + lane / Shape::kLanes; i < last; i += Shape::kGroup) {
    float y[Shape::kLanePieces][Shape::kPiece];
#pragma unroll
    for (int k = 0; k < Shape::kLanePieces; ++k)
      widen<Stored>(source.piece(i, part + k * Shape::kLanes), y[k]);
    const float strength = source.strength(i);
    float even = 0, odd = 0;
#pragma unroll
    for (int k = 0; k < Shape::kLanePieces; ++k)
#pragma unroll
      for (int j = 0; j < Shape::kPiece; j += 2) {
        even += y[k][j] * with[k * Shape::kPiece + j];
        odd += y[k][j + 1] * with[k * Shape::kPiece + j + 1];
      }
    float dot = even + odd;
#pragma unroll
    for (int offset = 1; offset < Shape::kLanes; offset *= 2)
      dot += __shfl_xor_sync(kFullWarp, dot, offset);
    const float weighted = weight_scale * fabsf(strength) * dot;
    square += weighted * dot;
    if (pass == Pass::curvature)
      continue;
    const float target = strength > 0 ? (1 + problem.alpha * strength) * scale : 0.0f;
    const float weight = pass == Pass::residual ? target - weighted : weighted;
#pragma unroll
    for (int k = 0; k < Shape::kLanePieces; ++k)
#pragma unroll
      for (int j = 0; j < Shape::kPiece; ++j)
        sum[k * Shape::kPiece + j] += weight * y[k][j];
  }
#pragma unroll
  for (int offset = Shape::kLanes; offset < kWarpSize; offset *= 2)
    square += __shfl_xor_sync(kFullWarp, square, offset);
  if (lane == 0)
    *squares = square;
  if (pass == Pass::curvature)
    return;
  // Each exchange halves what a lane holds.
  int kept = 0;
#pragma unroll
  for (int exchange = 1; exchange < Shape::kGroup; exchange *= 2) {
    const int left = Shape::kValues / (2 * exchange), offset = kWarpSize / (2 * exchange);
    const bool upper = (lane & offset) != 0;
    kept += upper ? left : 0;
#pragma unroll
    for (int i = 0; i < Shape::kValues / 2; ++i) {
      if (i >= left)
        break;
      const float given = upper ? sum[i] : sum[i + left];
      sum[i] = (upper ? sum[i + left] : sum[i]) + __shfl_xor_sync(kFullWarp, given, offset);
    }
  }
  constexpr int kWidth = std::min(Shape::kKept, 4);
#pragma unroll
  for (int i = 0; i < Shape::kKept; i += kWidth) {
    Piece<float, kWidth> piece;
#pragma unroll
    for (int j = 0; j < kWidth; ++j)
      piece.value[j] = sum[i + j];
    const int value = kept + i;
    const int element = (part + value / Shape::kPiece * Shape::kLanes) * Shape::kPiece + value % Shape::kPiece;
    *reinterpret_cast<Piece<float, kWidth>*>(sums + element) = piece;
  }
}

}  // namespace segue::cuda
