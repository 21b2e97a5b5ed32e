#include "segue/als/trainer.hpp"

#include <fmt/format.h>

#include <chrono>
#include <optional>

#include "host/als/checkpoint.hpp"
#include "segue/core/error.hpp"
#include "segue/core/log.hpp"

namespace segue::als {
namespace {

Factors factors_of(const Solver& solver, std::int64_t users, std::int64_t songs) {
  const int rank = solver.options().rank;
  Factors factors{Matrix<float>(users, rank), Matrix<float>(songs, rank)};
  solver.copy_users(factors.users.view());
  solver.copy_songs(factors.songs.view());
  return factors;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

TrainResult train(Device device, const data::CsrView& by_user, const data::CsrView& by_song,
                  const TrainOptions& options, const std::filesystem::path& directory, const std::string& data_hash,
                  Progress& progress) {
  if (options.checkpoint_every < 0)
    throw InvalidArgument(
        fmt::format("als: checkpoint_every is {}, expected 0 (never) or more", options.checkpoint_every));
  const std::unique_ptr<Solver> solver = make_solver(device, by_user, by_song, options.als);
  std::optional<CheckpointStore> store;
  if (!directory.empty() && options.checkpoint_every > 0)
    store.emplace(directory, options.als, data_hash, by_user.rows, by_song.rows);

  TrainResult result;
  if (store)
    if (const std::optional<Checkpoint> checkpoint = store->load()) {
      solver->set_factors(checkpoint->factors.users.view(), checkpoint->factors.songs.view());
      result.loss = checkpoint->loss;
      result.resumed_at = checkpoint->iteration;
      log::info("als: going on from a checkpoint after iteration {}", checkpoint->iteration);
    }

  ProgressTask task(progress, "als", options.als.iterations, "iterations");
  task.advance(result.resumed_at);
  for (int iteration = result.resumed_at + 1; iteration <= options.als.iterations; ++iteration) {
    const auto start = std::chrono::steady_clock::now();
    solver->iterate();
    result.iteration_seconds.push_back(seconds_since(start));
    result.loss.push_back(solver->loss());
    task.note(fmt::format("loss {:.6f}", result.loss.back()));
    task.advance(1);
    if (store && iteration % options.checkpoint_every == 0)
      store->save({iteration, result.loss, factors_of(*solver, by_user.rows, by_song.rows)});
  }
  result.factors = factors_of(*solver, by_user.rows, by_song.rows);
  return result;
}

}  // namespace segue::als
