#include <algorithm>

#include "cuda/als/cg_launch.hpp"
#include "cuda/als/matrix_kernel.cuh"
#include "cuda/core/launch.hpp"

namespace segue::cuda {
namespace {

template <int kRank>
std::size_t shared_bytes() {
  SharedCarver carver(nullptr);
  MatrixShared<kRank>::carve(carver);
  return carver.bytes();
}

template <int kRank>
void solve(const CgLaunch& work, float4* partials) {
  using Shape = MatrixShape<kRank>;
  const float excess = work.problem.alpha * work.bins.largest_strength();
  const float scale = work.problem.scale;
  MatrixArguments arguments;
  arguments.problem = work.problem;
  arguments.weight_scale = scale_to(excess, -1);
  arguments.target_scale = scale_to(1 + excess, 14);
  arguments.matrix_scale = scale / arguments.weight_scale * scale;
  arguments.vector_scale = scale / arguments.target_scale;
  const std::int64_t resident = Shape::kBlocksOnMultiprocessor * work.context.multiprocessors();
  const auto grid = [&](std::int64_t spans) {
    return Grid(static_cast<unsigned>(std::min(spans, resident)), Shape::kThreads, shared_bytes<kRank>());
  };
  for (const RowBins::Round& round : work.bins.rounds()) {
    const SplitRow* const rows = work.bins.split_rows() + round.first_row;
    launch(sum_slices_kernel<kRank>, grid(round.slices), work.stream, arguments, work.bins.slices() + round.first_slice,
           static_cast<int>(round.slices), partials);
    launch(add_slices_kernel<kRank>,
           Grid(dim3(Shape::kPartialFours, static_cast<unsigned>(round.rows)), Shape::kThreads), work.stream, rows,
           partials);
    launch(solve_split_rows_kernel<kRank>,
           Grid(static_cast<unsigned>(round.rows), Shape::kThreads, shared_bytes<kRank>()), work.stream, arguments,
           rows, partials);
  }
  const std::span<const RowSpan> whole = work.bins.whole_rows();
  if (!whole.empty())
    launch(solve_rows_by_matrix_kernel<kRank>, grid(static_cast<std::int64_t>(whole.size())), work.stream, arguments,
           whole.data(), static_cast<int>(whole.size()));
}

}  // namespace

bool by_matrix(std::int64_t padded_rank, als::Storage storage, std::int64_t shared_bytes_per_block) {
  return storage == als::Storage::float16 && padded_rank <= 256 && with_rank<32, 256>(padded_rank, [&](auto rank) {
           return static_cast<std::int64_t>(shared_bytes<rank.value>()) <= shared_bytes_per_block;
         });
}

std::int64_t matrix_bytes(std::int64_t padded_rank, std::int64_t slices) {
  return with_rank<32, 256>(padded_rank, [&](auto rank) { return slices * MatrixShape<rank.value>::kPartialBytes; });
}

void solve_by_matrix(const CgLaunch& work, std::byte* workspace) {
  with_rank<32, 256>(work.problem.rank,
                     [&](auto rank) { solve<rank.value>(work, reinterpret_cast<float4*>(workspace)); });
}

}  // namespace segue::cuda
