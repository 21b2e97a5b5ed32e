#include "segue/core/parallel.hpp"

#include <fmt/format.h>
#include <tbb/blocked_range.h>
#include <tbb/info.h>
#include <tbb/parallel_for.h>
#include <tbb/partitioner.h>
#include <tbb/task_arena.h>

#include <memory>

#include "segue/core/error.hpp"

namespace segue {
namespace {

std::unique_ptr<tbb::task_arena>& arena() {
  static auto arena = std::make_unique<tbb::task_arena>(tbb::info::default_concurrency());
  return arena;
}

}  // namespace

void set_thread_count(int threads) {
  if (threads < 0 || threads > 4096)
    throw InvalidArgument(fmt::format("threads: {} is not in 0–4096 (0: all cores)", threads));
  arena() = std::make_unique<tbb::task_arena>(threads == 0 ? tbb::info::default_concurrency() : threads);
}

int thread_count() {
  return arena()->max_concurrency();
}

int thread_index() {
  const int index = tbb::this_task_arena::current_thread_index();
  return index == tbb::task_arena::not_initialized || index >= thread_count() ? 0 : index;
}

void parallel_tasks(std::int64_t count, const std::function<void(std::int64_t)>& body) {
  if (count == 1 || thread_count() == 1) {
    for (std::int64_t i = 0; i < count; ++i)
      body(i);
    return;
  }
  arena()->execute([&] {
    tbb::parallel_for(
        tbb::blocked_range<std::int64_t>(0, count, 1),
        [&](const tbb::blocked_range<std::int64_t>& range) {
          for (std::int64_t i = range.begin(); i < range.end(); ++i)
            body(i);
        },
        tbb::simple_partitioner{});
  });
}

}  // namespace segue
