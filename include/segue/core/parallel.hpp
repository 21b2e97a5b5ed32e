#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <numeric>
#include <vector>

namespace segue {

/// Sets how many threads Segue's loops use; 0 means all cores of this process's affinity mask. Call it before work.
void set_thread_count(int threads);
int thread_count();

/// Which of the threads of the running loop this is: 0 ≤ thread_index() < thread_count(). For per-thread scratch.
int thread_index();

/// Runs body(i) for 0 ≤ i < count on all threads, dynamically balanced; rethrows the first exception. Do not nest.
void parallel_tasks(std::int64_t count, const std::function<void(std::int64_t)>& body);

/// Runs body(begin, end) over [0, count) in pieces of `chunk` elements. The pieces do not depend on the thread count.
template <class Body>
void parallel_for(std::int64_t count, std::int64_t chunk, Body&& body) {
  parallel_tasks((count + chunk - 1) / chunk,
                 [&](std::int64_t piece) { body(piece * chunk, std::min(count, (piece + 1) * chunk)); });
}

/// Sum of body(begin, end) over the pieces of [0, count), added in order: the same bits on any number of threads.
template <class Body>
double parallel_sum(std::int64_t count, std::int64_t chunk, Body&& body) {
  std::vector<double> partial(static_cast<std::size_t>((count + chunk - 1) / chunk));
  parallel_for(count, chunk, [&](std::int64_t begin, std::int64_t end) {
    partial[static_cast<std::size_t>(begin / chunk)] = body(begin, end);
  });
  return std::accumulate(partial.begin(), partial.end(), 0.0);
}

/// One T for each thread, made when first used: scratch that outlives a chunk but is never shared.
template <class T>
class PerThread {
 public:
  PerThread() : slots_(static_cast<std::size_t>(thread_count())) {}
  T& local() { return slots_[static_cast<std::size_t>(thread_index())].value; }

 private:
  struct alignas(64) Slot {
    T value{};
  };
  std::vector<Slot> slots_;
};

}  // namespace segue
