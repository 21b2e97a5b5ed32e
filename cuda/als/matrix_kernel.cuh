// Rows with more interactions than a batch holds, vectors in halves: Σᵢ dᵢyᵢyᵢᵀ is formed, so that each yᵢ is read
// once, and CG runs on the explicit matrix.
//
// FLOPs: 2·f·(f + 24) an interaction on the tensor cores: half of the matrix, twice. CG 2(s + 1)·f² a row on the FMA
//        units, from registers.
// Bytes: nnz·(2f + 8) + 8·n·f; for split rows a partial result each slice, at rank 128 80 KiB, written and read once.
// Rank 128, clocks of a multiprocessor for an interaction: 15 of mma.sync, 9 of shared memory, 15 of instructions,
// beside 17 for 264 bytes at 3.35 TB/s / 132. CG takes 3000 a row, while the other block on the multiprocessor adds up.
#pragma once

#include "cuda/als/cg_row.cuh"
#include "cuda/als/tile_stream.cuh"

namespace segue::cuda {

/// Step `step` by one warp, after the product with the direction.
template <int kRank>
__device__ inline void update_by_matrix(const MatrixArguments& arguments, int step, const MatrixShared<kRank>& shared,
                                        CgState& state) {
  using Shape = MatrixShape<kRank>;
  const CgProblem& problem = arguments.problem;
  LaneVector<kRank> v, product{}, part;
#pragma unroll
  for (int warp = 0; warp < Shape::kWarps; ++warp) {
    part.load(shared.products + warp * kRank);
    product.add(arguments.matrix_scale, part);
  }
  v.load(shared.direction);
  product.add(*shared.diagonal, v);
  LaneVector<kRank> r{};
  if (step == 0) {
    r.add(-1.0f, product);
#pragma unroll
    for (int team = 0; team < Shape::kTeams; ++team) {
      part.load(shared.targets + team * kRank);
      r.add(arguments.vector_scale, part);
    }
    state = cg_start(problem.gram_norm, r);
    r.store(shared.direction);
    r.store(shared.residual);
    return;
  }
  LaneVector<kRank> x;
  x.load(shared.solution);
  r.load(shared.residual);
  const float curvature = v.dot(product);
  if (cg_advance(state, x, r, v, product, curvature, step == problem.steps)) {
    v.store(shared.direction);
    r.store(shared.residual);
  }
  x.store(shared.solution);
}

/// CG of row `row` on its matrix, by the whole block; what is not the matrix, the vector too, waits in shared memory.
template <int kRank>
__device__ inline void solve_by_matrix(const MatrixArguments& arguments, const NormalMatrix<kRank>& matrix,
                                       std::int64_t row, std::int64_t size, const MatrixShared<kRank>& shared) {
  const CgProblem& problem = arguments.problem;
  CgState state{};
  if (threadIdx.x == 0)
    *shared.diagonal = problem.gram != nullptr ? row_lambda(problem, size) : 1.0f;  // λI, or I when whitened
  if (fresh_thread_index() < kWarpSize) {
    LaneVector<kRank> x;
    x.load(problem.target + row * problem.rank, problem.rank);
    x.store(shared.direction);
    x.store(shared.solution);
  }
  for (int step = 0; step <= problem.steps; ++step) {
    __syncthreads();
    matrix.multiply(shared.direction, shared.products);
    __syncthreads();
    if (fresh_thread_index() < kWarpSize)
      update_by_matrix(arguments, step, shared, state);
  }
  if (fresh_thread_index() < kWarpSize) {
    LaneVector<kRank> x;
    x.load(shared.solution);
    x.store(problem.target + row * problem.rank, problem.rank);
  }
}

/// Whole rows: each span is a row. At most `count` thread blocks.
template <int kRank>
__global__ void __launch_bounds__(MatrixShape<kRank>::kThreads, MatrixShape<kRank>::kBlocksOnMultiprocessor)
    solve_rows_by_matrix_kernel(MatrixArguments arguments, const RowSpan* rows, int count) {
  using Shape = MatrixShape<kRank>;
  SEGUE_DYNAMIC_SHARED(unsigned char, memory);
  SharedCarver carver(memory);
  const auto shared = MatrixShared<kRank>::carve(carver);
  const CgProblem& problem = arguments.problem;
  const auto gram_at = [&](int warp, int block, int part) {
    return shared.gram + ((warp * Shape::kBlocks + block) * 2 + part) * kWarpSize + fresh_thread_index() % kWarpSize;
  };
  if (problem.gram != nullptr && warp_index() < Shape::kTeamWarps)
#pragma unroll 1
    for (int k = 0; k < 2 * Shape::kBlocks; ++k)
      *gram_at(warp_index(), k / 2, k % 2) = NormalMatrix<kRank>::gram_four(arguments, warp_index(), k / 2, k % 2);
  TileStream<kRank> stream(problem, rows, count, shared);
  int i;
  do {
    NormalMatrix<kRank> matrix;
    matrix.clear();
    i = stream.add_span(arguments, matrix);
    matrix.store_vector(shared.targets);
    if (problem.gram != nullptr)
      matrix.add_gram([&](int block, int part) {
        return *gram_at(fresh_thread_index() / kWarpSize % Shape::kTeamWarps, block, part);
      });
    const RowSpan row = rows[i];
    solve_by_matrix(arguments, matrix, row.row, row.size, shared);
  } while (i < count - static_cast<int>(gridDim.x));
  cp_async_wait<0>();
}

/// Slices of rows: each span's matrix to partials[span]. At most `count` thread blocks.
template <int kRank>
__global__ void __launch_bounds__(MatrixShape<kRank>::kThreads, MatrixShape<kRank>::kBlocksOnMultiprocessor)
    sum_slices_kernel(MatrixArguments arguments, const RowSpan* slices, int count, float4* partials) {
  using Shape = MatrixShape<kRank>;
  SEGUE_DYNAMIC_SHARED(unsigned char, memory);
  SharedCarver carver(memory);
  const auto shared = MatrixShared<kRank>::carve(carver);
  TileStream<kRank> stream(arguments.problem, slices, count, shared);
  int i;
  do {
    NormalMatrix<kRank> matrix;
    matrix.clear();
    i = stream.add_span(arguments, matrix);
    matrix.store(partials + i * (Shape::kPartialBytes / 16));
  } while (i < count - static_cast<int>(gridDim.x));
  cp_async_wait<0>();
}

/// The first partial result of each row becomes the sum of all of the row's. Grid: kPartialFours × rows.
template <int kRank>
__global__ void add_slices_kernel(const SplitRow* rows, float4* partials) {
  constexpr std::int64_t kFours = MatrixShape<kRank>::kPartialBytes / 16;
  const SplitRow row = rows[blockIdx.y];
  float4* const first = partials + row.first_slice * kFours + blockIdx.x * blockDim.x + threadIdx.x;
  float4 sum = *first;
#pragma unroll 4
  for (int slice = 1; slice < row.slices; ++slice) {
    const float4 other = first[slice * kFours];
    sum.x += other.x, sum.y += other.y, sum.z += other.z, sum.w += other.w;
  }
  *first = sum;
}

/// CG of the rows whose matrices have been added up, a block each.
template <int kRank>
__global__ void __launch_bounds__(MatrixShape<kRank>::kThreads)
    solve_split_rows_kernel(MatrixArguments arguments, const SplitRow* rows, const float4* partials) {
  SEGUE_DYNAMIC_SHARED(unsigned char, memory);
  SharedCarver carver(memory);
  const auto shared = MatrixShared<kRank>::carve(carver);
  const SplitRow& row = rows[blockIdx.x];  // read where it is needed: registers are short
  const CgProblem& problem = arguments.problem;
  NormalMatrix<kRank> matrix;
  matrix.clear();
  if (problem.gram != nullptr)
    matrix.add_gram(
        [&](int block, int part) { return NormalMatrix<kRank>::gram_four(arguments, warp_index(), block, part); });
  matrix.add_partial(partials + row.first_slice * (MatrixShape<kRank>::kPartialBytes / 16));
  matrix.store_vector(shared.targets);
  solve_by_matrix(arguments, matrix, row.row, row.size, shared);
}

}  // namespace segue::cuda
