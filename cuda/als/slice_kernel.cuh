// Rows with more interactions than a batch holds, vectors in floats or of a rank above 256: each step of CG gathers the
// row's vectors anew, slice by slice over thread blocks, and a second kernel adds up the slices in order and takes the
// step. Bytes: (s + 1)·nnz·(f·sizeof(stored) + 8), s + 1 times what the other kernels read.
#pragma once

#include "cuda/als/cg_row.cuh"
#include "cuda/als/gram_product.cuh"
#include "cuda/als/interactions_pass.cuh"
#include "cuda/als/row_bins.hpp"

namespace segue::cuda {

inline constexpr int kSliceWarps = 8;
inline constexpr int kSliceThreads = kSliceWarps * kWarpSize;

/// What lasts from kernel to kernel, on the device.
struct SliceState {
  float* residuals;   // [split rows][kRank]
  float* directions;  // [split rows][kRank]
  CgState* states;    // [split rows]
  float* sums;        // [slices][kRank]
  float* squares;     // [slices]
};

template <class Stored, int kRank>
struct Gathered {
  const CgProblem& problem;
  RowSpan slice;

  __device__ uint4 piece(int i, int k) const {
    const int pieces = problem.rank / VectorShape<Stored, kRank>::kPiece;
    if (i >= slice.size || k >= pieces)
      return make_uint4(0, 0, 0, 0);
    const std::int64_t vector = __ldg(problem.indices + slice.begin + i);
    return __ldg(static_cast<const uint4*>(problem.vectors) + vector * pieces + k);
  }
  __device__ float strength(int i) const {
    if (i >= slice.size)
      return 0.0f;
    return problem.values != nullptr ? __ldg(problem.values + slice.begin + i) : 1.0f;
  }
};

/// Partial sums of a slice, one thread block each.
template <class Stored, int kRank>
__global__ void __launch_bounds__(kSliceThreads)
    pass_over_slices_kernel(CgProblem problem, const RowSpan* slices, const SplitRow* rows, SliceState state,
                            Pass pass) {
  using Shape = VectorShape<Stored, kRank>;
  SEGUE_SHARED(float4, direction, [kRank / 4]);
  SEGUE_SHARED(float4, sums, [kSliceWarps][kRank / 4]);
  SEGUE_SHARED(float, squares, [kSliceWarps]);
  const RowSpan slice = slices[blockIdx.x];
  if (warp_index() == 0) {
    LaneVector<kRank> v;
    if (pass == Pass::residual)
      v.load(problem.target + static_cast<std::int64_t>(rows[slice.row].row) * problem.rank, problem.rank);
    else
      v.load(state.directions + static_cast<std::int64_t>(slice.row) * kRank);
    v.store(&direction[0].x);
  }
  __syncthreads();
  const Gathered<Stored, kRank> gathered{problem, slice};
  const int groups = (slice.size + Shape::kGroup - 1) / Shape::kGroup;
  const int warp = warp_index();
  pass_over<Stored, kRank>(problem, gathered, warp * groups / kSliceWarps * Shape::kGroup,
                           (warp + 1) * groups / kSliceWarps * Shape::kGroup, pass, &direction[0].x, &sums[warp][0].x,
                           &squares[warp]);
  __syncthreads();
  if (threadIdx.x == 0) {
    float sum = 0;
    for (int i = 0; i < kSliceWarps; ++i)
      sum += squares[i];
    state.squares[blockIdx.x] = sum;
  }
  if (pass == Pass::curvature)
    return;
  for (int k = static_cast<int>(threadIdx.x); k < kRank; k += kSliceThreads) {
    float sum = 0;
    for (int i = 0; i < kSliceWarps; ++i)
      sum += (&sums[i][0].x)[k];
    state.sums[static_cast<std::int64_t>(blockIdx.x) * kRank + k] = sum;
  }
}

template <int kRank>
struct SliceUpdateShared {
  SplitVectors split;
  float* products;

  __host__ __device__ static SliceUpdateShared carve(SharedCarver& carver) {
    SliceUpdateShared shared;
    shared.split.high = carver.take<__half>(kSliceWarps * GramShape<kRank>::kHalfStride);
    shared.split.low = carver.take<__half>(kSliceWarps * GramShape<kRank>::kHalfStride);
    shared.products = carver.take<float>(GramShape<kRank>::kSplits * kSliceWarps * GramShape<kRank>::kStride);
    return shared;
  }
};

struct SliceUpdateArguments {
  CgProblem problem;
  const SplitRow* rows;
  std::int64_t count;
  const GramFragment* gram;  // split_gram_kernel's
  float gram_unscale;
};

/// Step `step` of CG for 8 rows in each thread block, a warp each.
template <int kRank>
__global__ void __launch_bounds__(kSliceThreads)
    update_split_rows_kernel(SliceUpdateArguments arguments, SliceState state, int step) {
  using Gram = GramShape<kRank>;
  SEGUE_DYNAMIC_SHARED(unsigned char, memory);
  SharedCarver carver(memory);
  const auto shared = SliceUpdateShared<kRank>::carve(carver);
  const CgProblem& problem = arguments.problem;
  const int warp = warp_index();
  const std::int64_t at = static_cast<std::int64_t>(blockIdx.x) * kSliceWarps + warp;
  const bool mine = at < arguments.count;
  const SplitRow row = mine ? arguments.rows[at] : SplitRow{};
  float* const target = problem.target + static_cast<std::int64_t>(row.row) * problem.rank;
  LaneVector<kRank> x{}, r{}, v{};
  CgState cg{};
  if (mine) {
    x.load(target, problem.rank);
    if (step == 0) {
      v = x;
      cg.bound = x.dot(x);
    } else {
      r.load(state.residuals + at * kRank);
      v.load(state.directions + at * kRank);
      cg = state.states[at];
    }
  }
  LaneVector<kRank> product = v;
  if (problem.gram != nullptr) {
    const float unscale = store_split(v, cg.bound, shared.split, warp) * arguments.gram_unscale;
    __syncthreads();
    for (int unit = warp; unit < Gram::kUnits; unit += kSliceWarps)
      multiply_unit<kRank, kSliceWarps>(
          unit, [&](int k) { return load_fragment<kRank>(arguments.gram, unit, k); }, shared.split, kSliceWarps,
          shared.products);
    __syncthreads();
    product = load_product<kRank, kSliceWarps>(shared.products, warp, unscale);
    product.add(row_lambda(problem, row.size), v);
  }
  if (!mine)
    return;
  const bool last = step == problem.steps;
  float curvature = v.dot(product);
  const float sign = step == 0 ? -1.0f : 1.0f;  // the first pass gives b − Σᵢ dᵢ(yᵢ·x)yᵢ
  for (std::int64_t slice = row.first_slice; slice < row.first_slice + row.slices; ++slice) {
    curvature += state.squares[slice];
    if (last)
      continue;
    LaneVector<kRank> part;
    part.load(state.sums + slice * kRank);
    product.add(sign, part);
  }
  if (step == 0) {
    r.add(-1.0f, product);
    cg = cg_start(problem.gram_norm, r);
    v = r;
  } else {
    cg_advance(cg, x, r, v, product, curvature, last);
    x.store(target, problem.rank);
  }
  r.store(state.residuals + at * kRank);
  v.store(state.directions + at * kRank);
  __syncwarp();  // all lanes have read it
  if (lane_index() == 0)
    state.states[at] = cg;
}

}  // namespace segue::cuda
