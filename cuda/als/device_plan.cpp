#include "cuda/als/device_plan.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cuda/als/blas.hpp"
#include "cuda/als/exact.hpp"
#include "cuda/als/gather.hpp"
#include "cuda/als/gram.hpp"
#include "cuda/als/loss.hpp"
#include "cuda/als/row_bins.hpp"
#include "cuda/als/side.hpp"
#include "segue/als/engine.hpp"

namespace segue::cuda {
namespace {

DevicePlan empty_plan(const CudaContext& context) {
  DevicePlan plan;
  plan.memory = MemoryPlan(fmt::format("als on {}", context.name()));
  return plan;
}

std::int64_t gathered_bytes(const data::CsrView& by_user, const als::Options& options) {
  const std::int64_t size = als::gathered_storage(options) == als::Storage::float32 ? 4 : 2;
  return checked_product({std::max(by_user.rows, by_user.columns), padded_rank(options.rank), size});
}

// What does not depend on where rows and vectors are.
// @param block_interactions  of the largest block of rows
void add_scratch(DevicePlan& plan, const CudaContext& context, const data::CsrView& by_user,
                 const als::Options& options, std::int64_t block_interactions) {
  const std::int64_t rank = padded_rank(options.rank);
  MemoryPlan& memory = plan.memory;
  if (plan.gather_bytes > 0)
    memory.add("vectors to gather", plan.gather_bytes);
  memory.add("Gram matrix", GramSum::bytes(rank, als::factors_gram(options) ? Products::float64 : Products::float32));
  memory.add("cuBLAS and sums", Blas::kWorkspaceBytes + LossSum::bytes(context) + 4);
  if (options.method == als::Method::cholesky) {
    memory.add("normal matrices", ExactSolver::bytes(context, options.rank));
    return;
  }
  std::int64_t lists = 0, workspace = 0;
  for (const std::int64_t rows : {by_user.rows, by_user.columns}) {
    lists += RowBins::most_bytes(context, rows, by_user.nonzeros(), options);
    workspace = std::max(workspace, RowBins::most_workspace_bytes(context, rows, block_interactions, options));
  }
  memory.add("lists of rows", lists);
  if (als::is_whitened(options))
    workspace += Gather::white_bytes(rank) + 4 * rank * rank;
  memory.add("workspace", workspace);
}

}  // namespace

DevicePlan resident_plan(const CudaContext& context, const data::CsrView& by_user, const als::Options& options) {
  DevicePlan plan = empty_plan(context);
  const std::int64_t rows = by_user.rows + by_user.columns;
  plan.memory.add("interactions",
                  checked_product({2, by_user.values.empty() ? 4 : 8, by_user.nonzeros()}) + 8 * (rows + 2));
  plan.memory.add("vectors", checked_product({rows, padded_rank(options.rank), 4}));
  if (als::is_whitened(options) || als::gathered_storage(options) != als::Storage::float32)
    plan.gather_bytes = gathered_bytes(by_user, options);
  add_scratch(plan, context, by_user, options, by_user.nonzeros());
  return plan;
}

DevicePlan streamed_plan(const CudaContext& context, const data::CsrView& by_user, const data::CsrView& by_song,
                         const als::Options& options, std::int64_t available) {
  DevicePlan plan = empty_plan(context);
  plan.resident = false;
  const std::int64_t rank = padded_rank(options.rank);
  // The loss gathers the smaller side in floats.
  plan.gather_bytes =
      std::max(gathered_bytes(by_user, options), checked_product({std::min(by_user.rows, by_user.columns), rank, 4}));
  const std::int64_t least = std::max(least_slot_bytes(by_user, rank), least_slot_bytes(by_song, rank));
  const std::int64_t most = std::max(least, kMostSlotBytes);
  add_scratch(plan, context, by_user, options, std::min(by_user.nonzeros(), most / 4));
  plan.slot_bytes = std::clamp((available - plan.memory.total_bytes()) / 2, least, most);
  plan.memory.add("two blocks of rows", 2 * plan.slot_bytes);
  return plan;
}

}  // namespace segue::cuda
