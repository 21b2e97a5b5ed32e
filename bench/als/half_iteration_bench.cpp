// One iteration of the CPU engine on power-law streams: time, the floor's bytes (cg_kernel.cpp) per second and as a
// share of what this machine copies, and the loss, without which a time says nothing.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <map>

#include "segue/als/solver.hpp"
#include "segue/core/parallel.hpp"
#include "segue/core/random.hpp"

namespace {

using segue::als::Options;

// Activity is log-normal (sigma 1.2), popularity falls as (rank + 20)^-0.9, as in the committed sample.
segue::data::Csr power_law_streams(std::int64_t users, std::int64_t songs, double mean) {
  segue::Random random(7);
  std::vector<double> cumulative(static_cast<std::size_t>(songs));
  double total = 0;
  for (std::size_t song = 0; song < cumulative.size(); ++song)
    cumulative[song] = total += std::pow(static_cast<double>(song) + 21, -0.9);
  segue::data::Csr matrix;
  matrix.rows = users;
  matrix.columns = songs;
  for (std::int64_t user = 0; user < users; ++user) {
    const double activity = mean * std::exp(1.2 * random.normal() - 0.72);
    std::map<std::int32_t, float> row;
    for (double drawn = 0; drawn < std::clamp(activity, 3.0, 5000.0); ++drawn) {
      const auto place = std::ranges::upper_bound(cumulative, random.uniform() * total) - cumulative.begin();
      ++row[static_cast<std::int32_t>(std::min<std::int64_t>(place, songs - 1))];
    }
    for (const auto& [song, count] : row) {
      matrix.indices.push_back(song);
      matrix.values.push_back(count);
    }
    matrix.offsets.push_back(static_cast<std::int64_t>(matrix.indices.size()));
  }
  return matrix;
}

double copy_bytes_per_second() {
  static const double rate = [] {
    constexpr std::int64_t kChunk = 4 << 20, kChunks = 64;
    std::vector<char> from(kChunk * kChunks, 1), to(kChunk * kChunks);
    double best = 0;
    for (int repeat = 0; repeat < 5; ++repeat) {
      const auto start = std::chrono::steady_clock::now();
      segue::parallel_tasks(kChunks, [&](std::int64_t chunk) {
        std::memcpy(to.data() + chunk * kChunk, from.data() + chunk * kChunk, kChunk);
      });
      const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      best = std::max(best, 2.0 * kChunk * kChunks / seconds);
    }
    return best;
  }();
  return rate;
}

void als_iteration(benchmark::State& state) {
  static const segue::data::Csr by_user = power_law_streams(40'000, 10'000, 60);
  static const segue::data::Csr by_song = segue::data::transpose(by_user.view());
  const int rank = static_cast<int>(state.range(0));
  segue::set_thread_count(static_cast<int>(state.range(1)));
  const auto solver = segue::als::make_solver(segue::Device::cpu(), by_user.view(), by_song.view(), {.rank = rank});
  for (auto _ : state)
    solver->iterate();
  const double nonzeros = 2.0 * static_cast<double>(by_user.nonzeros());
  const double rows = static_cast<double>(by_user.rows + by_user.columns);
  const double floor_bytes = nonzeros * (2 * rank + 8) + 8 * rows * rank;  // halves are gathered
  state.counters["GB/s"] = {floor_bytes / 1e9, benchmark::Counter::kIsIterationInvariantRate};
  state.counters["of_copy"] = {floor_bytes / copy_bytes_per_second(), benchmark::Counter::kIsIterationInvariantRate};
  state.counters["GFLOP/s"] = {(nonzeros * rank * 14 + 8 * rows * rank * rank) / 1e9,
                               benchmark::Counter::kIsIterationInvariantRate};
  state.counters["loss"] = solver->loss();
  segue::set_thread_count(0);
}
BENCHMARK(als_iteration)
    ->ArgNames({"rank", "threads"})
    ->ArgsProduct({{32, 64, 128}, {1, 0}})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace
