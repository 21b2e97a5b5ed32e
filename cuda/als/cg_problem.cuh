// What the CG kernels share: a half-iteration as they take it, and vectors spread over the lanes of a warp.
#pragma once

#include <algorithm>

#include "cuda/core/cp_async.hpp"
#include "cuda/core/kernel.hpp"

namespace segue::cuda {

struct CgProblem {
  const std::int32_t* indices;
  const float* values;  // nullptr: a pattern
  float* target;        // [rows × rank]
  const void* vectors;  // [columns × rank]
  const float* gram;    // [rank × rank]; nullptr: the identity, λ included
  int rank;             // padded; kernels hold kRank ≥ rank values, zeros past it
  int steps;
  float alpha, scale;  // a gathered vector is scale · what is stored
  float gram_norm;
  double regularization, exponent, columns_by_alpha;  // λ = regularization·(n + columns/alpha)^exponent
};

/// Starts the copy of 16 bytes of a gathered vector; zeros for index −1 and past the rank.
template <class Stored>
__device__ inline void gather_piece(const CgProblem& problem, std::int32_t index, unsigned piece, uint4* to) {
  const unsigned pieces = static_cast<unsigned>(problem.rank) * sizeof(Stored) / 16;
  const bool valid = index >= 0 && piece < pieces;
  const unsigned vector = valid ? static_cast<unsigned>(index) : 0;
  cp_async<16>(to, static_cast<const uint4*>(problem.vectors) + (std::uint64_t{vector} * pieces + piece), valid);
}

__device__ inline float row_lambda(const CgProblem& problem, std::int64_t size) {
  if (problem.gram == nullptr)
    return 0.0f;
  if (problem.exponent == 0)
    return static_cast<float>(problem.regularization);
  return static_cast<float>(problem.regularization *
                            pow(static_cast<double>(size) + problem.columns_by_alpha, problem.exponent));
}

/// threadIdx.x, which the compiler takes for new each time: where registers are short it shall compute again what
/// follows from it, and not hold it.
__device__ inline int fresh_thread_index() {
  int thread = static_cast<int>(threadIdx.x);
  asm volatile("" : "+r"(thread));
  return thread & 1023;  // what tells the compiler that it is not negative
}

__device__ inline int lane_index() {
  return static_cast<int>(threadIdx.x % kWarpSize);
}
__device__ inline int warp_index() {
  return static_cast<int>(threadIdx.x / kWarpSize);
}

/// The sum over the warp, in every lane.
__device__ inline float warp_sum(float value) {
#pragma unroll
  for (int offset = kWarpSize / 2; offset > 0; offset /= 2)
    value += __shfl_xor_sync(kFullWarp, value, offset);
  return value;
}

/// Neighbouring values that move as one access.
template <class T, int kWidth>
struct alignas(sizeof(T) * kWidth) Piece {
  T value[kWidth];
};

/// kRank values over a warp: lane l has pieces l, l + 32, …
template <int kRank>
struct LaneVector {
  static constexpr int kValues = kRank / kWarpSize;
  static constexpr int kWidth = kValues < 4 ? kValues : 4;
  static constexpr int kPieces = kValues / kWidth;

  float value[kValues];

  static __device__ int first_of(int piece) { return (lane_index() + piece * kWarpSize) * kWidth; }

  /// Values from `limit` on, a multiple of 32, are zeros and not read.
  __device__ void load(const float* from, int limit = kRank) {
#pragma unroll
    for (int piece = 0; piece < kPieces; ++piece) {
      Piece<float, kWidth> loaded{};
      if (first_of(piece) < limit)
        loaded = *reinterpret_cast<const Piece<float, kWidth>*>(from + first_of(piece));
#pragma unroll
      for (int i = 0; i < kWidth; ++i)
        value[piece * kWidth + i] = loaded.value[i];
    }
  }
  __device__ void store(float* to, int limit = kRank) const {
#pragma unroll
    for (int piece = 0; piece < kPieces; ++piece) {
      Piece<float, kWidth> stored;
#pragma unroll
      for (int i = 0; i < kWidth; ++i)
        stored.value[i] = value[piece * kWidth + i];
      if (first_of(piece) < limit)
        *reinterpret_cast<Piece<float, kWidth>*>(to + first_of(piece)) = stored;
    }
  }
  /// += weight · other
  __device__ void add(float weight, const LaneVector& other) {
#pragma unroll
    for (int i = 0; i < kValues; ++i)
      value[i] += weight * other.value[i];
  }
  __device__ float dot(const LaneVector& other) const {
    float sum = 0;
#pragma unroll
    for (int i = 0; i < kValues; ++i)
      sum += value[i] * other.value[i];
    return warp_sum(sum);
  }
};

}  // namespace segue::cuda
