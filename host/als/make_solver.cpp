#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cuda/als/solver_cuda.hpp"
#include "host/als/exact_row.hpp"
#include "host/als/gram.hpp"
#include "host/als/half_iteration.hpp"
#include "host/als/solver_cpu.hpp"
#include "segue/core/error.hpp"
#include "segue/core/parallel.hpp"

namespace segue::als {
namespace {

void check_range(const char* name, double value, double low, double high) {
  if (!(value >= low && value <= high))
    throw InvalidArgument(fmt::format("als: {} is {}, expected {} to {}", name, value, low, high));
}

MemoryPlan cpu_memory_plan(const data::CsrView& by_user, const Options& options) {
  const std::int64_t rank = padded_rank(options.rank);
  const std::int64_t larger = std::max(by_user.rows, by_user.columns);
  const bool halves = options.gather_storage != Storage::float32;
  MemoryPlan plan("als");
  plan.add("user vectors", checked_product({by_user.rows, rank, 4}));
  plan.add("song vectors", checked_product({by_user.columns, rank, 4}));
  if (options.method == Method::conjugate_gradient && (halves || options.preconditioner == Preconditioner::gram))
    plan.add("vectors to gather", checked_product({larger, rank, halves ? 2 : 4}));
  plan.add("Gram matrix", gram_scratch_bytes(larger, rank) + 12 * rank * rank);
  plan.add("scratch",
           checked_product({thread_count(), options.method == Method::cholesky ? exact_scratch_bytes(options.rank)
                                                                               : CgScratch::most_bytes(rank)}));
  return plan;
}

}  // namespace

const char* name_of(Storage storage) {
  switch (storage) {
    case Storage::float16:
      return "float16";
    case Storage::bfloat16:
      return "bfloat16";
    default:
      return "float32";
  }
}

void check_options(const Options& options) {
  check_range("rank", options.rank, 1, 1024);
  check_range("iterations", options.iterations, 1, 10000);
  check_range("alpha", options.alpha, 1e-6, 1e6);
  check_range("regularization", options.regularization, 0, 1e9);
  check_range("regularization_exponent", options.regularization_exponent, 0, 1);
  check_range("cg_steps", options.cg_steps, 1, 100);
  check_range("init_scale", options.init_scale, 1e-6, 1e3);
  if (options.preconditioner == Preconditioner::gram && options.regularization_exponent != 0)
    throw InvalidArgument(fmt::format(
        "als: regularization_exponent is {}, but the gram preconditioner needs the same regularization for all rows: "
        "set regularization_exponent to 0 or the preconditioner to none",
        options.regularization_exponent));
}

std::unique_ptr<Solver> make_solver(Device device, const data::CsrView& by_user, const data::CsrView& by_song,
                                    const Options& options) {
  check_options(options);
  device = resolve(device).device;
  if (by_user.rows != by_song.columns || by_user.columns != by_song.rows || by_user.nonzeros() != by_song.nonzeros())
    throw InvalidArgument(fmt::format(
        "als: the matrix by user is {} × {} with {} interactions, the one by song {} × {} with {}: expected its "
        "transpose",
        by_user.rows, by_user.columns, by_user.nonzeros(), by_song.rows, by_song.columns, by_song.nonzeros()));
  data::check_csr(by_user, "als: the matrix by user");
  data::check_csr(by_song, "als: the matrix by song");
  if (device.kind == Device::Kind::cuda)
    return cuda::make_als_solver(device.index, by_user, by_song, options);
  return std::make_unique<CpuSolver>(by_user, by_song, options);
}

MemoryPlan memory_plan(Device device, const data::CsrView& by_user, const Options& options) {
  check_options(options);
  device = resolve(device).device;
  return device.kind == Device::Kind::cuda ? cuda::als_host_memory_plan(device.index, by_user, options)
                                           : cpu_memory_plan(by_user, options);
}

}  // namespace segue::als
