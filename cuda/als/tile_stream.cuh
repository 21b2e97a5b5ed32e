// Interactions and their vectors on their way to shared memory, tile by tile, ahead of their use in normal matrices.
#pragma once

#include "cuda/als/normal_matrix.cuh"
#include "cuda/als/row_bins.hpp"
#include "cuda/core/cp_async.hpp"

namespace segue::cuda {

/// What the next tile to fetch is of.
struct TileCursor {
  RowSpan span;
  int index;  // of the span
  int at;     // interactions of it fetched
};

template <int kRank>
struct MatrixShared {
  using Shape = MatrixShape<kRank>;

  int* ends;              // [kEnds] the span whose last tile it is, or −1
  TileCursor* cursors;    // [2] by turns
  uint4* stage;           // [kStages][kTile][kStride]
  std::int32_t* indices;  // [kAhead][kTile] −1: past the span's end
  float* strengths;       // [kAhead + 1][kTile]
  float* direction;       // [kRank] x, then p
  float* diagonal;        // added to the matrix
  float* solution;        // [kRank]
  float* residual;        // [kRank]
  float* targets;         // [kTeams][kRank] Σᵢ cᵢpᵢyᵢ
  float* products;        // [kWarps][kRank] A·p
  float4* gram;           // [kTeamWarps][kBlocks][2][32] YᵀY as a team holds it

  __host__ __device__ static MatrixShared carve(SharedCarver& carver) {
    MatrixShared shared;
    shared.ends = carver.take<int>(Shape::kEnds);
    shared.cursors = carver.take<TileCursor>(2);
    shared.direction = carver.take<float>(kRank);
    shared.diagonal = carver.take<float>(1);
    shared.solution = carver.take<float>(kRank);
    shared.residual = carver.take<float>(kRank);
    shared.targets = carver.take<float>(Shape::kTeams * kRank);
    shared.products = carver.take<float>(Shape::kWarps * kRank);
    shared.indices = carver.take<std::int32_t>(Shape::kAhead * Shape::kTile);
    shared.strengths = carver.take<float>((Shape::kAhead + 1) * Shape::kTile);
    shared.stage = carver.take<uint4>(Shape::kStages * Shape::kTile * Shape::kStride);
    shared.gram = carver.take<float4>(Shape::kTeamWarps * Shape::kBlocks * 2 * kWarpSize);
    return shared;
  }
};

/// The tiles of the spans that a thread block takes, one after the other, copied ahead of their use.
template <int kRank>
class TileStream {
 public:
  using Shape = MatrixShape<kRank>;

  __device__ TileStream(const CgProblem& problem, const RowSpan* spans, int count, const MatrixShared<kRank>& shared)
      : problem_(problem), spans_(spans), count_(count), shared_(shared) {
    if (threadIdx.x == 0)
      open_span(shared_.cursors[0], static_cast<int>(blockIdx.x));
    for (unsigned tile = 0; tile < Shape::kAhead; ++tile) {
      __syncthreads();
      fetch_interactions(tile);
    }
    cp_async_commit();
    cp_async_wait<0>();
    __syncthreads();
    for (unsigned tile = 0; tile < 2; ++tile) {
      gather(tile);
      cp_async_commit();
    }
  }

  /// Adds the next span, returns its number.
  __device__ int add_span(const MatrixArguments& arguments, NormalMatrix<kRank>& matrix) {
    int span;
    do {
      next();
      matrix.add_tile(arguments, stage(tile_), strengths(tile_));
      span = shared_.ends[tile_ % Shape::kEnds];
    } while (span < 0);
    return span;
  }

 private:
  // Waits for the next tile, which stays until the next call.
  __device__ void next() {
    ++tile_;
    cp_async_wait<1>();
    __syncthreads();
    gather(tile_ + 2);
    fetch_interactions(tile_ + Shape::kAhead);
    cp_async_commit();
  }
  __device__ uint4* stage(unsigned tile) const {
    return shared_.stage + tile % Shape::kStages * (Shape::kTile * Shape::kStride);
  }
  __device__ std::int32_t* indices(unsigned tile) const {
    return shared_.indices + tile % Shape::kAhead * Shape::kTile;
  }
  __device__ float* strengths(unsigned tile) const {
    return shared_.strengths + tile % (Shape::kAhead + 1) * Shape::kTile;
  }

  __device__ void open_span(TileCursor& cursor, int index) const {
    cursor.span = index < count_ ? spans_[index] : RowSpan{};
    cursor.index = index;
    cursor.at = 0;
  }

  // A tile never holds interactions of two spans. The cursor waits in shared memory: registers are short.
  __device__ void fetch_interactions(unsigned tile) const {
    const TileCursor& cursor = shared_.cursors[tile % 2];
    const int i = fresh_thread_index();
    if (i < Shape::kTile) {
      const bool valid = cursor.at + i < cursor.span.size;
      const std::int64_t from = cursor.span.begin + cursor.at + i;
      if (valid)
        cp_async<4>(indices(tile) + i, problem_.indices + from);
      else
        indices(tile)[i] = -1;
      if (valid && problem_.values != nullptr)
        cp_async<4>(strengths(tile) + i, problem_.values + from);
      else
        strengths(tile)[i] = valid ? 1.0f : 0.0f;
    }
    if (threadIdx.x != 0)
      return;
    const bool last = cursor.at + Shape::kTile >= cursor.span.size;
    shared_.ends[tile % Shape::kEnds] = last ? cursor.index : -1;
    TileCursor& following = shared_.cursors[(tile + 1) % 2];
    if (last) {
      open_span(following, cursor.index + static_cast<int>(gridDim.x));
    } else {
      following = cursor;
      following.at += Shape::kTile;
    }
  }

  __device__ void gather(unsigned tile) const {
    const unsigned thread = static_cast<unsigned>(fresh_thread_index()), piece = thread % Shape::kPieces;
    const unsigned first = thread / Shape::kPieces;
    const std::int32_t* index = indices(tile) + first;
    uint4* to = stage(tile) + first * Shape::kStride + piece;
    constexpr int kStep = Shape::kThreads / Shape::kPieces;
#pragma unroll 1
    for (int left = Shape::kTile / kStep; left > 0; --left, index += kStep, to += kStep * Shape::kStride)
      gather_piece<__half>(problem_, *index, piece, to);
  }

  const CgProblem& problem_;
  const RowSpan* spans_;
  int count_;
  const MatrixShared<kRank>& shared_;
  unsigned tile_ = ~0u;
};

}  // namespace segue::cuda
