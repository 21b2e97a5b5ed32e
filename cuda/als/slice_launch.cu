#include <algorithm>

#include "cuda/als/cg_launch.hpp"
#include "cuda/als/slice_kernel.cuh"
#include "cuda/core/launch.hpp"

namespace segue::cuda {
namespace {

template <int kRank>
SliceState carve(SharedCarver& carver, std::int64_t slices, std::int64_t rows) {
  SliceState state;
  state.residuals = carver.take<float>(static_cast<std::size_t>(rows * kRank));
  state.directions = carver.take<float>(static_cast<std::size_t>(rows * kRank));
  state.states = carver.take<CgState>(static_cast<std::size_t>(rows));
  state.sums = carver.take<float>(static_cast<std::size_t>(slices * kRank));
  state.squares = carver.take<float>(static_cast<std::size_t>(slices));
  return state;
}

template <class Stored, int kRank>
void solve(const CgLaunch& work, std::byte* workspace) {
  SharedCarver shared(nullptr);
  SliceUpdateShared<kRank>::carve(shared);
  for (const RowBins::Round& round : work.bins.rounds()) {
    SharedCarver carver(workspace);
    const SliceState state = carve<kRank>(carver, round.slices, round.rows);
    const SplitRow* const rows = work.bins.split_rows() + round.first_row;
    const RowSpan* const slices = work.bins.slices() + round.first_slice;
    const SliceUpdateArguments arguments{.problem = work.problem,
                                         .rows = rows,
                                         .count = round.rows,
                                         .gram = work.gram,
                                         .gram_unscale = work.gram_unscale};
    const auto update_blocks = static_cast<unsigned>((round.rows + kSliceWarps - 1) / kSliceWarps);
    for (int step = 0; step <= work.problem.steps; ++step) {
      const Pass pass = step == 0 ? Pass::residual : step == work.problem.steps ? Pass::curvature : Pass::product;
      launch(pass_over_slices_kernel<Stored, kRank>, Grid(static_cast<unsigned>(round.slices), kSliceThreads),
             work.stream, work.problem, slices, rows, state, pass);
      launch(update_split_rows_kernel<kRank>, Grid(update_blocks, kSliceThreads, shared.bytes()), work.stream,
             arguments, state, step);
    }
  }
}

}  // namespace

std::int64_t slice_bytes(std::int64_t padded_rank, std::int64_t slices, std::int64_t rows) {
  return with_rank(padded_rank, [&](auto rank) {
    SharedCarver carver(nullptr);
    carve<rank.value>(carver, slices, rows);
    return static_cast<std::int64_t>(carver.bytes());
  });
}

void solve_by_slices(const CgLaunch& work, std::byte* workspace) {
  with_storage(work.storage, [&](auto stored) {
    with_rank(work.problem.rank, [&](auto rank) { solve<decltype(stored), rank.value>(work, workspace); });
  });
}

}  // namespace segue::cuda
