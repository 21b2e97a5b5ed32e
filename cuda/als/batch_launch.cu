#include <algorithm>

#include "cuda/als/batch_kernel.cuh"
#include "cuda/als/cg_launch.hpp"
#include "cuda/core/launch.hpp"

namespace segue::cuda {
namespace {

constexpr std::int64_t kMostSlots = 2048;

template <class Stored, int kRank>
std::int64_t shared_bytes_for(std::int64_t slots) {
  SharedCarver carver(nullptr);
  BatchShared<Stored, kRank>::carve(carver, static_cast<int>(slots));
  return static_cast<std::int64_t>(carver.bytes());
}

template <class Stored, int kRank>
BatchRoom room_for(std::int64_t shared_bytes) {
  constexpr std::int64_t kMultiple = VectorShape<Stored, kRank>::kGroup;
  const std::int64_t fixed = shared_bytes_for<Stored, kRank>(0);
  const std::int64_t each = (shared_bytes_for<Stored, kRank>(1024) - fixed) / 1024;
  std::int64_t slots = std::min(kMostSlots, (shared_bytes - fixed) / each / kMultiple * kMultiple);
  while (slots > 0 && shared_bytes_for<Stored, kRank>(slots) > shared_bytes)
    slots -= kMultiple;
  return {BatchShape<Stored, kRank>::kRows, slots, kMultiple};
}

template <class Stored, int kRank>
void solve(const CgLaunch& work) {
  const std::int64_t shared_bytes = work.context.shared_bytes_per_block();
  const std::int64_t slots = room_for<Stored, kRank>(shared_bytes).interactions;
  const BatchArguments arguments{.problem = work.problem,
                                 .batches = work.bins.batches(),
                                 .count = work.bins.batch_count(),
                                 .gram = work.gram,
                                 .gram_unscale = work.gram_unscale,
                                 .slots = static_cast<int>(slots)};
  const std::int64_t blocks = std::min<std::int64_t>(arguments.count, work.context.multiprocessors());
  launch(solve_batches_kernel<Stored, kRank>,
         Grid(static_cast<unsigned>(blocks), BatchShape<Stored, kRank>::kThreads,
              static_cast<std::size_t>(shared_bytes_for<Stored, kRank>(slots))),
         work.stream, arguments);
}

}  // namespace

BatchRoom batch_room(std::int64_t padded_rank, als::Storage storage, std::int64_t shared_bytes) {
  return with_storage(storage, [&](auto stored) {
    return with_rank(padded_rank, [&](auto rank) { return room_for<decltype(stored), rank.value>(shared_bytes); });
  });
}

void solve_batches(const CgLaunch& work) {
  if (work.bins.batch_count() == 0)
    return;
  with_storage(work.storage, [&](auto stored) {
    with_rank(work.problem.rank, [&](auto rank) { solve<decltype(stored), rank.value>(work); });
  });
}

}  // namespace segue::cuda
