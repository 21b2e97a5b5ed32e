#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdint>

#include "bench/search/sgemm_rate.hpp"
#include "segue/core/parallel.hpp"
#include "segue/core/random.hpp"
#include "segue/search/index.hpp"

namespace {

using namespace segue;

/// Gaussian directions with log-normal norms, as factors have.
Matrix<float> factors_like(std::int64_t rows, std::int64_t rank, std::uint64_t seed) {
  Matrix<float> vectors(rows, rank);
  parallel_for(rows, 4096, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      Random random(seed, static_cast<std::uint64_t>(row));
      const double scale = std::exp(0.3 * random.normal());
      for (float& x : vectors.row(row))
        x = static_cast<float>(scale * random.normal());
    }
  });
  return vectors;
}

double sgemm_rate() {
  static const double rate = bench::sgemm_flops(thread_count(), 3);
  return rate;
}

void search_topk(benchmark::State& state) {
  const std::int64_t queries = state.range(0);
  const std::int64_t rank = state.range(1);
  const int k = static_cast<int>(state.range(2));
  constexpr std::int64_t kRows = 1'000'000;
  const auto metric = static_cast<search::Metric>(state.range(3));
  const auto index = search::make_index(Device::cpu(), factors_like(kRows, rank, 1).view(), metric);
  const Matrix<float> users = factors_like(queries, rank, 2);
  Matrix<search::Hit> hits(queries, k);
  for (auto _ : state)
    index->search(users.view(), hits.view(), {.k = k});
  const double flops = 2.0 * static_cast<double>(queries) * static_cast<double>(kRows) * static_cast<double>(rank);
  using benchmark::Counter;
  state.counters["FLOP/s"] = {flops, Counter::kIsIterationInvariantRate};
  state.counters["of_sgemm"] = {flops / sgemm_rate(), Counter::kIsIterationInvariantRate};
  // One query is bound by memory: the panels once.
  state.counters["panel_B/s"] = {static_cast<double>(kRows) * static_cast<double>(rank) * sizeof(float),
                                 Counter::kIsIterationInvariantRate};
}
BENCHMARK(search_topk)
    ->ArgNames({"queries", "rank", "k", "metric"})
    ->Args({2000, 128, 100, 0})
    ->Args({2000, 128, 10, 0})
    ->Args({2000, 64, 100, 0})
    ->Args({2000, 128, 100, 2})
    ->Args({100, 128, 100, 0})
    ->Args({10, 128, 100, 0})
    ->Args({1, 128, 100, 0})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
