#include "cuda/als/exact.hpp"

#include <algorithm>

#include "cuda/als/exact_kernel.cuh"
#include "cuda/core/launch.hpp"
#include "segue/als/engine.hpp"

namespace segue::cuda {
namespace {

constexpr std::int64_t kMatrixBytes = 256 << 20;
constexpr int kStagedValues = 8192;
constexpr int kMostBatch = 32;

std::int64_t block_count(const CudaContext& context, int rank) {
  const std::int64_t bytes = 8 * padded_rank(rank) * padded_rank(rank);
  return std::min<std::int64_t>(2 * context.multiprocessors(), std::max<std::int64_t>(1, kMatrixBytes / bytes));
}

}  // namespace

ExactSolver::ExactSolver(const CudaContext& context, int rank)
    : context_(context),
      blocks_(block_count(context, rank)),
      matrices_(blocks_ * padded_rank(rank) * padded_rank(rank), context.stream()) {}

std::int64_t ExactSolver::bytes(const CudaContext& context, int rank) {
  return block_count(context, rank) * 8 * padded_rank(rank) * padded_rank(rank);
}

void ExactSolver::solve(const HalfIteration& half, const std::int64_t* offsets, const double* gram) {
  if (half.rows == 0)
    return;
  const auto stride = static_cast<int>(padded_rank(half.options.rank));
  const ExactRows problem{.rows = half.rows,
                          .columns = half.columns,
                          .offsets = offsets,
                          .indices = half.indices,
                          .values = half.values,
                          .target = half.target,
                          .source = static_cast<const float*>(half.source.vectors),
                          .gram = gram,
                          .rank = half.options.rank,
                          .stride = stride,
                          .batch = std::min(kMostBatch, kStagedValues / stride),
                          .alpha = half.options.alpha,
                          .regularization = half.options.regularization,
                          .exponent = half.options.regularization_exponent,
                          .pivot_floor = als::kExactPivotFloor};
  const std::size_t shared_bytes = ExactShared::carve(nullptr, problem.batch, stride).bytes;
  launch(solve_rows_exact_kernel,
         Grid(static_cast<unsigned>(std::min(blocks_, half.rows)), kExactThreads, shared_bytes), context_.stream(),
         problem, matrices_.data());
}

void factor_for_whitening(const CudaContext& context, double* gram, std::int64_t columns, double lambda, float* upper) {
  launch(factor_gram, Grid(1, kFactorThreads), context.stream(), gram, static_cast<int>(columns), lambda,
         als::kWhiteningPivotFloor, upper);
}

}  // namespace segue::cuda
