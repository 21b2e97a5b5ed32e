#include "cuda/als/loss.hpp"

#include <numeric>
#include <vector>

#include "cuda/als/loss_kernel.cuh"
#include "cuda/core/launch.hpp"

namespace segue::cuda {
namespace {

std::int64_t block_count(const CudaContext& context) {
  return 8 * std::int64_t{context.multiprocessors()};
}

LossRows rows_of(const RowBlock& block, const float* others, const als::Options& options) {
  return {.rows = block.rows(),
          .offsets = block.offsets,
          .indices = block.indices,
          .values = block.values,
          .vectors = block.vectors,
          .others = others,
          .stride = static_cast<int>(padded_rank(options.rank)),
          .alpha = options.alpha};
}

}  // namespace

LossSum::LossSum(const CudaContext& context) : context_(context), sums_(block_count(context), context.stream()) {}

std::int64_t LossSum::bytes(const CudaContext& context) {
  return 8 * block_count(context);
}

void LossSum::clear() {
  sums_.fill_bytes(0);
}

void LossSum::add_interactions(const RowBlock& block, const float* others, const als::Options& options) {
  launch(add_interaction_loss, Grid(static_cast<unsigned>(sums_.size()), kLossThreads), context_.stream(),
         rows_of(block, others, options), sums_.data());
}

void LossSum::add_penalty(const RowBlock& block, std::int64_t columns, const als::Options& options) {
  launch(cuda::add_penalty, Grid(static_cast<unsigned>(sums_.size()), kLossThreads), context_.stream(),
         rows_of(block, nullptr, options), options.regularization, options.regularization_exponent,
         static_cast<double>(columns) / options.alpha, sums_.data());
}

double LossSum::total() const {
  std::vector<double> sums(static_cast<std::size_t>(sums_.size()));
  sums_.copy_to(sums);
  context_.synchronize();
  return std::accumulate(sums.begin(), sums.end(), 0.0);
}

}  // namespace segue::cuda
