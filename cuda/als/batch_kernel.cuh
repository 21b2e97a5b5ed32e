// Rows whose gathered vectors fit into shared memory: a thread block solves a batch of them together, and gathers the
// next batch meanwhile. For row u, with d = c − 1 = alpha·|r| and p = [r > 0],
//     (YᵀY + λᵤI + Σᵢ dᵢyᵢyᵢᵀ) xᵤ = Σᵢ cᵢpᵢyᵢ        Hu, Koren & Volinsky (2008), eq. 4
// by conjugate gradient from the present xᵤ, the sum applied and never formed (Takács, Pilászy & Tikk 2011).
//
// One block a multiprocessor, for all of its batches. The batch's vectors stay for all steps in the precision they are
// stored in. A pass splits them evenly between the warps, whatever rows they belong to; where a row begins within a
// warp's share the warp begins a new sum ("segment"), and the row's warp adds its segments up in order. YᵀY·p is taken
// for the whole batch on the tensor cores, from registers up to rank 128 (32 of each thread: as halves, high and low),
// from the L2 cache above. Copies run three batches ahead: which rows, then their indices, then their vectors.
//
// With nnz interactions, n rows, f the padded rank, s steps:
// Bytes:  floor nnz·(f·sizeof(stored) + 8) + 8·n·f: each yᵢ once, index and strength, x in and out.
// FLOPs:  nnz·f·(4 + 4(s − 1) + 2) + 2(s + 1)·n·f².
// Rank 128 in halves, 3 steps, a multiprocessor's clocks for an interaction: 17 for 264 bytes at 3.35 TB/s / 132; 15
// for the passes (interactions_pass.cuh); for a batch, of 330 interactions, (s + 1)·300 for YᵀY·p with up to 8 rows,
// twice that with up to 16, and (s + 1)·400 of waiting for reductions: 7 to 11 an interaction.
#pragma once

#include "cuda/als/cg_row.cuh"
#include "cuda/als/gram_product.cuh"
#include "cuda/als/interactions_pass.cuh"
#include "cuda/als/row_bins.hpp"
#include "cuda/core/cp_async.hpp"

namespace segue::cuda {

template <class Stored, int kRank>
struct BatchShape {
  using Vector = VectorShape<Stored, kRank>;
  using Gram = GramShape<kRank>;
  static constexpr int kWarps = kRank <= 256 ? 16 : 8;
  static constexpr int kThreads = kWarps * kWarpSize;
  static constexpr int kRows = kRank <= 128 ? 16 : 2048 / kRank;
  static constexpr int kSegments = kWarps + kRows - 1;
  static constexpr bool kGramInRegisters = kRank <= 128;
};

/// The kernel's shared memory. What a batch needs has one copy for each batch under way.
template <class Stored, int kRank>
struct BatchShared {
  using Shape = BatchShape<Stored, kRank>;

  RowSpan* rows;          // [4][kRows]
  int* starts;            // [4][kRows + 1] where a row's vectors start in the stage
  float* lambdas;         // [4][kRows]
  std::int32_t* indices;  // [2][slots] −1: fills a group
  float* strengths;       // [3][slots]
  uint4* stage;           // [2][slots][kPieces]
  float* directions;      // [kRows][kRank] x, then p
  SplitVectors split;     // the same as halves
  float* products;        // [kSplits][kRows][kStride] YᵀY·p
  float* sums;            // [kSegments][kRank]
  float* squares;         // [kSegments]

  __host__ __device__ static BatchShared carve(SharedCarver& carver, int slots) {
    BatchShared shared;
    shared.rows = carver.take<RowSpan>(4 * Shape::kRows);
    shared.starts = carver.take<int>(4 * (Shape::kRows + 1));
    shared.lambdas = carver.take<float>(4 * Shape::kRows);
    shared.directions = carver.take<float>(Shape::kRows * kRank);
    shared.split.high = carver.take<__half>(Shape::kRows * Shape::Gram::kHalfStride);
    shared.split.low = carver.take<__half>(Shape::kRows * Shape::Gram::kHalfStride);
    shared.products = carver.take<float>(Shape::Gram::kSplits * Shape::kRows * Shape::Gram::kStride);
    shared.sums = carver.take<float>(Shape::kSegments * kRank);
    shared.squares = carver.take<float>(Shape::kSegments);
    shared.indices = carver.take<std::int32_t>(2 * static_cast<std::size_t>(slots));
    shared.strengths = carver.take<float>(3 * static_cast<std::size_t>(slots));
    shared.stage = carver.take<uint4>(2 * static_cast<std::size_t>(slots) * Shape::Vector::kPieces);
    return shared;
  }
};

struct BatchArguments {
  CgProblem problem;
  const RowSpan* batches;  // [count × kRows]
  std::int64_t count;
  const GramFragment* gram;  // split_gram_kernel's
  float gram_unscale;
  int slots;
};

template <class Stored, int kRank>
class BatchSolver {
 public:
  using Shape = BatchShape<Stored, kRank>;
  using Vector = typename Shape::Vector;
  using Gram = typename Shape::Gram;

  __device__ BatchSolver(const BatchArguments& arguments, const BatchShared<Stored, kRank>& shared)
      : arguments_(arguments), problem_(arguments.problem), shared_(shared) {
    if constexpr (Shape::kGramInRegisters)
      if (problem_.gram != nullptr && warp_index() < Gram::kUnits)
#pragma unroll
        for (int step = 0; step < Gram::kSteps; ++step)
          kept_[step] = load_fragment<kRank>(arguments_.gram, warp_index(), step);
  }

  __device__ void run() {
    for (int n = 0; n < 3; ++n)
      fetch_rows(n);
    land();
    fetch_interactions(0);
    fetch_interactions(1);
    land();
    gather(0);
    LaneVector<kRank> x = load_target(0);
    for (int n = 0; batch(n) < arguments_.count; ++n) {
      land();
      gather(n + 1);
      fetch_interactions(n + 2);
      fetch_rows(n + 3);
      solve(n, x);
      x = load_target(n + 1);  // comes while the next copies are started
    }
    land();
  }

 private:
  __device__ std::int64_t batch(int n) const {
    return blockIdx.x + static_cast<std::int64_t>(n) * gridDim.x;
  }
  __device__ const RowSpan& row_of(int n, int row) const {
    return shared_.rows[n % 4 * Shape::kRows + row];
  }
  __device__ int* starts_of(int n) const {
    return shared_.starts + n % 4 * (Shape::kRows + 1);
  }

  __device__ void land() const {
    cp_async_commit();
    cp_async_wait<0>();
    __syncthreads();
  }

  // The rows of this block's n-th batch; none after the last.
  __device__ void fetch_rows(int n) const {
    const int row = static_cast<int>(threadIdx.x);
    if (row >= Shape::kRows)
      return;
    const bool valid = batch(n) < arguments_.count;
    cp_async<16>(&shared_.rows[n % 4 * Shape::kRows + row],
                 arguments_.batches + (valid ? batch(n) * Shape::kRows + row : 0), valid);
  }

  // Where the batch's vectors will lie, their indices and strengths, a warp for each row.
  __device__ void fetch_interactions(int n) const {
    const int thread = fresh_thread_index(), lane = thread % kWarpSize, warp = thread / kWarpSize;
    const int size = lane < Shape::kRows ? row_of(n, lane).size : 0;
    const int padded = (size + Vector::kGroup - 1) / Vector::kGroup * Vector::kGroup;
    int end = padded;
#pragma unroll
    for (int offset = 1; offset <= Shape::kRows; offset *= 2) {
      const int before = __shfl_up_sync(kFullWarp, end, static_cast<unsigned>(offset));
      end += lane >= offset ? before : 0;
    }
    if (warp == 0 && lane <= Shape::kRows)
      starts_of(n)[lane] = end - padded;
    const int start = __shfl_sync(kFullWarp, end - padded, warp), stop = __shfl_sync(kFullWarp, end, warp);
    if (warp >= Shape::kRows)
      return;
    const RowSpan row = row_of(n, warp);
    if (lane == 0)
      shared_.lambdas[n % 4 * Shape::kRows + warp] = row_lambda(problem_, row.size);
    std::int32_t* const indices = shared_.indices + n % 2 * arguments_.slots;
    float* const strengths = shared_.strengths + n % 3 * arguments_.slots;
    for (int slot = start + lane; slot < stop; slot += kWarpSize) {
      const std::int64_t at = row.begin + (slot - start);
      const bool valid = slot - start < row.size;
      if (valid)
        cp_async<4>(indices + slot, problem_.indices + at);
      else
        indices[slot] = -1;
      if (valid && problem_.values != nullptr)
        cp_async<4>(strengths + slot, problem_.values + at);
      else
        strengths[slot] = valid ? 1.0f : 0.0f;
    }
  }

  __device__ void gather(int n) const {
    const std::int32_t* const indices = shared_.indices + n % 2 * arguments_.slots;
    uint4* const stage = shared_.stage + static_cast<std::int64_t>(n % 2) * arguments_.slots * Vector::kPieces;
    const int count = starts_of(n)[Shape::kRows];
    const unsigned piece = threadIdx.x % Vector::kPieces;
    constexpr int kStep = Shape::kThreads / Vector::kPieces;
#pragma unroll 2
    for (int slot = static_cast<int>(threadIdx.x) / Vector::kPieces; slot < count; slot += kStep)
      gather_piece<Stored>(problem_, indices[slot], piece, stage + slot * Vector::kPieces + piece);
  }

  // A warp's row of the batch, if it has one.
  __device__ LaneVector<kRank> load_target(int n) const {
    LaneVector<kRank> x{};
    if (warp_index() < Shape::kRows && row_of(n, warp_index()).size > 0)
      x.load(problem_.target + static_cast<std::int64_t>(row_of(n, warp_index()).row) * problem_.rank, problem_.rank);
    return x;
  }

  // products = YᵀY·p of each row
  __device__ void multiply_gram(int rows) const {
    if (problem_.gram == nullptr)
      return;
    if constexpr (Shape::kGramInRegisters) {
      if (warp_index() < Gram::kUnits)
        multiply_unit<kRank, Shape::kRows>(
            warp_index(), [&](int step) { return kept_[step]; }, shared_.split, rows, shared_.products);
    } else {
      for (int unit = warp_index(); unit < Gram::kUnits; unit += Shape::kWarps)
        multiply_unit<kRank, Shape::kRows>(
            unit, [&](int step) { return load_fragment<kRank>(arguments_.gram, unit, step); }, shared_.split, rows,
            shared_.products);
    }
  }

  struct Staged {
    const uint4* stage;
    const float* strengths;
    __device__ uint4 piece(int slot, int piece) const { return stage[slot * Vector::kPieces + piece]; }
    __device__ float strength(int slot) const { return strengths[slot]; }
  };

  // The first of the batch's `groups` that warp `warp` takes, and the warp that takes a group.
  static __device__ int share(int warp, int groups) {
    return warp * groups / Shape::kWarps;
  }
  static __device__ int warp_of(int group, int groups) {
    return ((group + 1) * Shape::kWarps - 1) / groups;
  }

  __device__ void pass_over_share(int n, int rows, Pass pass) const {
    const int* const starts = starts_of(n);
    const int groups = starts[Shape::kRows] / Vector::kGroup;
    int slot = share(warp_index(), groups) * Vector::kGroup;
    const int end = share(warp_index() + 1, groups) * Vector::kGroup;
    const Staged staged{shared_.stage + static_cast<std::int64_t>(n % 2) * arguments_.slots * Vector::kPieces,
                        shared_.strengths + n % 3 * arguments_.slots};
    for (int row = 0; row < rows && slot < end; ++row) {
      const int stop = min(end, starts[row + 1]);
      if (slot >= stop)
        continue;
      const int segment = warp_index() + row;
      pass_over<Stored, kRank>(problem_, staged, slot, stop, pass, shared_.directions + row * kRank,
                               shared_.sums + segment * kRank, shared_.squares + segment);
      slot = stop;
    }
  }

  // Adds up a row's segments: the vectors, or the squares.
  template <class Add>
  __device__ void for_segments(int n, int row, const Add& add) const {
    const int* const starts = starts_of(n);
    const int groups = starts[Shape::kRows] / Vector::kGroup;
    const int last = warp_of(starts[row + 1] / Vector::kGroup - 1, groups);
    for (int warp = warp_of(starts[row] / Vector::kGroup, groups); warp <= last; ++warp)
      if (share(warp, groups) < share(warp + 1, groups))
        add(warp + row);
  }

  // (YᵀY + λI)·v, or v itself when whitened
  __device__ LaneVector<kRank> shared_product(int n, const LaneVector<kRank>& v, float unscale) const {
    if (problem_.gram == nullptr)
      return v;
    LaneVector<kRank> product =
        load_product<kRank, Shape::kRows>(shared_.products, warp_index(), unscale * arguments_.gram_unscale);
    product.add(shared_.lambdas[n % 4 * Shape::kRows + warp_index()], v);
    return product;
  }

  __device__ float publish(const LaneVector<kRank>& v, float bound) const {
    v.store(shared_.directions + warp_index() * kRank);
    return problem_.gram != nullptr ? store_split(v, bound, shared_.split, warp_index()) : 1.0f;
  }

  __device__ void solve(int n, LaneVector<kRank> x) const {
    int rows = 0;
    while (rows < Shape::kRows && row_of(n, rows).size > 0)
      ++rows;
    const bool mine = warp_index() < rows;
    LaneVector<kRank> r{};
    CgState state{};
    float unscale = 1;
    if (mine)
      unscale = publish(x, x.dot(x));
    for (int step = 0; step <= problem_.steps; ++step) {
      __syncthreads();
      const bool last = step == problem_.steps;
      multiply_gram(rows);
      pass_over_share(n, rows, step == 0 ? Pass::residual : last ? Pass::curvature : Pass::product);
      __syncthreads();
      if (mine)
        update(n, step == 0, last, x, r, state, unscale);
    }
    if (mine)
      x.store(problem_.target + static_cast<std::int64_t>(row_of(n, warp_index()).row) * problem_.rank, problem_.rank);
  }

  __device__ void update(int n, bool first, bool last, LaneVector<kRank>& x, LaneVector<kRank>& r, CgState& state,
                         float& unscale) const {
    LaneVector<kRank> v;
    v.load(shared_.directions + warp_index() * kRank);
    LaneVector<kRank> product = shared_product(n, v, unscale);
    float curvature = v.dot(product);
    const float sign = first ? -1.0f : 1.0f;  // the first pass gives b − Σᵢ dᵢ(yᵢ·x)yᵢ
    for_segments(n, warp_index(), [&](int segment) {
      curvature += shared_.squares[segment];
      if (last)
        return;
      LaneVector<kRank> part;
      part.load(shared_.sums + segment * kRank);
      product.add(sign, part);
    });
    if (first) {
#pragma unroll
      for (int i = 0; i < LaneVector<kRank>::kValues; ++i)
        r.value[i] = -product.value[i];
      state = cg_start(problem_.gram_norm, r);
      unscale = publish(r, state.bound);
    } else if (cg_advance(state, x, r, v, product, curvature, last)) {
      unscale = publish(v, state.bound);
    }
  }

  const BatchArguments& arguments_;
  const CgProblem& problem_;
  const BatchShared<Stored, kRank>& shared_;
  GramFragment kept_[Shape::kGramInRegisters ? Gram::kSteps : 1];
};

template <class Stored, int kRank>
__global__ void __launch_bounds__(BatchShape<Stored, kRank>::kThreads, 1)
    solve_batches_kernel(BatchArguments arguments) {
  SEGUE_DYNAMIC_SHARED(unsigned char, memory);
  SharedCarver carver(memory);
  const auto shared = BatchShared<Stored, kRank>::carve(carver, arguments.slots);
  BatchSolver<Stored, kRank>(arguments, shared).run();
}

}  // namespace segue::cuda
