#include "segue/core/parallel.hpp"

#include <fmt/format.h>
#include <tbb/blocked_range.h>
#include <tbb/global_control.h>
#include <tbb/info.h>
#include <tbb/parallel_for.h>
#include <tbb/partitioner.h>
#include <tbb/task_arena.h>

#include <memory>

#include "segue/core/error.hpp"

namespace segue {
namespace {

/// The threads in use: an arena of so many places, and a limit of the scheduler that lets as many work.
struct Workers {
  explicit Workers(int threads)
      : limit(tbb::global_control::max_allowed_parallelism, static_cast<std::size_t>(threads)), arena(threads) {}
  tbb::global_control limit;
  tbb::task_arena arena;
};

std::unique_ptr<Workers>& workers() {
  static auto workers = std::make_unique<Workers>(tbb::info::default_concurrency());
  return workers;
}

}  // namespace

void set_thread_count(int threads) {
  if (threads < 0 || threads > 4096)
    throw InvalidArgument(fmt::format("threads: {} is not in 0–4096 (0: all cores)", threads));
  workers().reset();  // before the new limit: the scheduler obeys the lowest one alive
  workers() = std::make_unique<Workers>(threads == 0 ? tbb::info::default_concurrency() : threads);
}

int thread_count() {
  return workers()->arena.max_concurrency();
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
  workers()->arena.execute([&] {
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
