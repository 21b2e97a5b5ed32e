// Evaluation beside the training it judges, on the same data: 10,000 users, 100,000 songs, rank 128, 10 songs held out
// of each user. Evaluation ranks every song for every user; its floor is 2 · users · songs · rank FLOPs.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "bench/search/sgemm_rate.hpp"
#include "segue/als/trainer.hpp"
#include "segue/core/parallel.hpp"
#include "segue/core/random.hpp"
#include "segue/evaluate/bootstrap.hpp"
#include "segue/evaluate/evaluate.hpp"

namespace {

using namespace segue;

constexpr std::int64_t kUsers = 10'000;
constexpr std::int64_t kSongs = 100'000;
constexpr int kAt[] = {10, 20, 100};

/// Activity is log-normal (sigma 1.2) around 200 streams, popularity falls as (rank + 20)^-0.9, as in the committed
/// sample.
data::ListenLog power_law_log() {
  std::vector<double> cumulative;
  double total = 0;
  for (std::int64_t song = 0; song < kSongs; ++song)
    cumulative.push_back(total += std::pow(static_cast<double>(song) + 21, -0.9));
  data::ListenLog log;
  for (std::int32_t user = 0; user < kUsers; ++user) {
    Random random(7, static_cast<std::uint64_t>(user));
    const double activity = std::clamp(200 * std::exp(1.2 * random.normal() - 0.72), 30.0, 5000.0);
    for (double drawn = 0; drawn < activity; ++drawn) {
      const auto place = std::ranges::upper_bound(cumulative, random.uniform() * total) - cumulative.begin();
      log.user.push_back(user);
      log.song.push_back(static_cast<std::int32_t>(std::min<std::int64_t>(place, kSongs - 1)));
      log.timestamp.push_back(data::ListenLog::kUnknownTime);
      log.ms_played.push_back(data::ListenLog::kUnknownDuration);
    }
  }
  return log;
}

struct Problem {
  evaluate::Split split;
  als::TrainResult model;
  evaluate::SongStatistics songs;
  Matrix<float> users;
  double training_seconds = 0;
  double split_seconds = 0;
};

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

const Problem& problem() {
  static const Problem made = [] {
    Problem p;
    const data::Interactions all = data::build_interactions(power_law_log(), kUsers, kSongs, {}, no_progress());
    auto start = std::chrono::steady_clock::now();
    p.split = evaluate::make_split(all, {}, {.k = 10, .min_songs = 20});
    p.split_seconds = seconds_since(start);
    start = std::chrono::steady_clock::now();
    const data::Csr by_song = data::transpose(p.split.train.strength.view());
    p.model = als::train(Device::cpu(), p.split.train.strength.view(), by_song.view(), {.als = {.rank = 128}}, {}, "",
                         no_progress());
    p.training_seconds = seconds_since(start);
    p.songs = evaluate::song_statistics(p.split.train.plays.view(), p.model.factors.songs.view());
    p.users = Matrix<float>(static_cast<std::int64_t>(p.split.users.size()), 128);
    for (std::size_t i = 0; i < p.split.users.size(); ++i)
      std::ranges::copy(p.model.factors.users.view().row(p.split.users[i]),
                        p.users.row(static_cast<std::int64_t>(i)).begin());
    return p;
  }();
  return made;
}

double sgemm_rate() {
  static const double rate = bench::sgemm_flops(thread_count(), 3);
  return rate;
}

/// @param state  range 0: 0 top-k metrics only, 1 all of them
void evaluate_factors(benchmark::State& state) {
  const Problem& p = problem();
  std::vector<evaluate::Metric> metrics = evaluate::all_metrics(kAt);
  if (state.range(0) == 0)
    std::erase_if(metrics, [](const evaluate::Metric& metric) { return metric.k == 0; });
  double seconds = 0;
  for (auto _ : state) {
    const auto scorer = evaluate::make_factor_scorer(p.users.view(), p.model.factors.songs.view());
    seconds = evaluate::evaluate(*scorer, p.split, p.songs, metrics, no_progress()).seconds;
  }
  const double flops = 2.0 * static_cast<double>(p.split.counts.users) * kSongs * 128;
  state.counters["pairs"] = static_cast<double>(p.split.train.strength.nonzeros());
  state.counters["users"] = static_cast<double>(p.split.counts.users);
  state.counters["split_s"] = p.split_seconds;
  state.counters["training_s"] = p.training_seconds;
  state.counters["of_training"] = seconds / p.training_seconds;
  state.counters["FLOP/s"] = {flops, benchmark::Counter::kIsIterationInvariantRate};
  state.counters["of_sgemm"] = {flops / sgemm_rate(), benchmark::Counter::kIsIterationInvariantRate};
}
BENCHMARK(evaluate_factors)->ArgName("all_ranks")->Arg(0)->Arg(1)->UseRealTime()->Unit(benchmark::kMillisecond);

void bootstrap(benchmark::State& state) {
  const Problem& p = problem();
  const auto scorer = evaluate::make_popularity_scorer(p.split.held_out.rows, p.split.train.plays.view());
  const auto result = evaluate::evaluate(*scorer, p.split, p.songs, evaluate::all_metrics(kAt), no_progress());
  for (auto _ : state)
    benchmark::DoNotOptimize(evaluate::bootstrap_means(result.per_user.view(), {}));
}
BENCHMARK(bootstrap)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
