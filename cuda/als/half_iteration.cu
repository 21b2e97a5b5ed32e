#include "cuda/als/half_iteration.hpp"

#include <cassert>
#include <cmath>

#include "cuda/als/cg_launch.hpp"
#include "cuda/core/launch.hpp"

namespace segue::cuda {
namespace {

std::int64_t fragment_bytes(std::int64_t padded_rank) {
  return with_rank(padded_rank, [](auto rank) { return std::int64_t{4} * rank.value * rank.value; });
}

CgProblem problem_of(const HalfIteration& half) {
  const als::Options& options = half.options;
  return {.indices = half.indices,
          .values = half.values,
          .target = half.target,
          .vectors = half.source.vectors,
          .gram = half.gram,
          .rank = static_cast<int>(padded_rank(options.rank)),
          .steps = options.cg_steps,
          .alpha = static_cast<float>(options.alpha),
          .scale = half.source.scale,
          .gram_norm = half.gram_norm,
          .regularization = options.regularization,
          .exponent = options.regularization_exponent,
          .columns_by_alpha = static_cast<double>(half.columns) / options.alpha};
}

}  // namespace

std::int64_t cg_workspace_bytes(std::int64_t padded_rank, bool matrix, std::int64_t slices, std::int64_t rows) {
  return fragment_bytes(padded_rank) +
         (matrix ? matrix_bytes(padded_rank, slices) : slice_bytes(padded_rank, slices, rows));
}

void solve_rows_cg(const CudaContext& context, cudaStream_t stream, const HalfIteration& half, const RowBins& bins,
                   std::span<std::byte> workspace) {
  context.use();
  assert(static_cast<std::int64_t>(workspace.size()) >= bins.workspace_bytes());
  auto* const fragments = reinterpret_cast<GramFragment*>(workspace.data());
  const float gram_scale = scale_to(half.gram_norm, 14);
  const CgLaunch work{.context = context,
                      .stream = stream,
                      .problem = problem_of(half),
                      .storage = half.source.storage,
                      .bins = bins,
                      .gram = fragments,
                      .gram_unscale = 1 / gram_scale};
  if (half.gram != nullptr)
    with_rank(work.problem.rank, [&](auto rank) {
      constexpr int kThreads = 256;
      const int tiles = rank.value / 16;
      launch(split_gram_kernel<rank.value>, Grid((tiles * tiles * kWarpSize + kThreads - 1) / kThreads, kThreads),
             stream, half.gram, work.problem.rank, gram_scale, fragments);
    });
  std::byte* const rest = workspace.data() + fragment_bytes(work.problem.rank);
  if (bins.matrix())
    solve_by_matrix(work, rest);
  else
    solve_by_slices(work, rest);
  solve_batches(work);
}

}  // namespace segue::cuda
