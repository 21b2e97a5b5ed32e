#include "segue/evaluate/model.hpp"

#include <fmt/format.h>

#include <chrono>
#include <numeric>
#include <utility>

#include "host/evaluate/split_pairs.hpp"
#include "segue/core/error.hpp"
#include "segue/core/npy.hpp"
#include "segue/core/random.hpp"
#include "segue/data/factor_table.hpp"

namespace segue::evaluate {
namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Each pair stays with this probability; whether it does for a share, it does for larger ones.
data::Csr thin(const data::Csr& strength, double share, std::uint64_t seed) {
  RowBuilder kept(strength.columns);
  std::vector<std::int32_t> songs;
  std::vector<float> values;
  for (std::int64_t user = 0; user < strength.rows; ++user) {
    Random random(seed, static_cast<std::uint64_t>(user));
    songs.clear();
    values.clear();
    for (std::size_t i = 0; i < strength.view().row_indices(user).size(); ++i)
      if (random.uniform() < share) {
        songs.push_back(strength.view().row_indices(user)[i]);
        values.push_back(strength.view().row_values(user)[i]);
      }
    kept.add(songs, values);
  }
  return kept.take();
}

Matrix<float> all_songs(const als::Solver& solver, std::int64_t songs) {
  Matrix<float> vectors(songs, solver.options().rank);
  solver.copy_songs(vectors.view());
  return vectors;
}

double metric_now(const als::Solver& solver, const Split& split, const TrainingOptions& options) {
  const Matrix<float> users = evaluated_users(split, solver);
  const Matrix<float> songs = all_songs(solver, split.held_out.columns);
  const auto scorer = make_factor_scorer(users.view(), songs.view());
  return evaluate(*scorer, split, *options.songs, {*options.after_each}, no_progress()).means[0];
}

/// Rows of the table by id; ids that it does not have get zeros and are counted.
Matrix<float> take(const data::FactorTable& table, const data::IdTable& ids, std::span<const std::int32_t> rows,
                   std::int64_t& missing) {
  Matrix<float> vectors(static_cast<std::int64_t>(rows.size()), table.vectors.columns(), 0.0f);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::int32_t row = table.ids.find(ids.id(rows[i]));
    if (row == data::IdTable::kNone)
      ++missing;
    else
      std::ranges::copy(table.vectors.row(row), vectors.row(static_cast<std::int64_t>(i)).begin());
  }
  return vectors;
}

std::vector<std::int32_t> first_rows(std::int64_t count) {
  std::vector<std::int32_t> rows(static_cast<std::size_t>(count));
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

}  // namespace

FactorModel train_als(Device device, const Split& split, const TrainingOptions& options, Progress& progress) {
  auto start = std::chrono::steady_clock::now();
  const data::Csr thinned =
      options.share < 1 ? thin(split.train.strength, options.share, options.als.seed) : data::Csr();
  const data::CsrView by_user = options.share < 1 ? thinned.view() : split.train.strength.view();
  const data::Csr by_song = data::transpose(by_user);
  als::memory_plan(device, by_user, options.als).require(available_memory_bytes(), "lower als.rank");
  const auto solver = als::make_solver(device, by_user, by_song.view(), options.als);
  FactorModel model;
  model.training_seconds = seconds_since(start);
  ProgressTask task(progress, "als", options.als.iterations, "iterations");
  for (int iteration = 0; iteration < options.als.iterations; ++iteration) {
    start = std::chrono::steady_clock::now();
    solver->iterate();
    model.loss.push_back(solver->loss());
    model.training_seconds += seconds_since(start);
    if (options.after_each != nullptr)
      model.curve.push_back(metric_now(*solver, split, options));
    task.note(fmt::format("loss {:.6f}", model.loss.back()));
    task.advance(1);
  }
  model.users = evaluated_users(split, *solver);
  model.songs = all_songs(*solver, split.held_out.columns);
  return model;
}

FactorModel read_factors(const std::filesystem::path& directory, const Split& split, const data::IdTable& users,
                         const data::IdTable& songs) {
  const data::FactorTable of_users = data::read_factor_table(directory, "users");
  const data::FactorTable of_songs = data::read_factor_table(directory, "songs");
  if (of_users.vectors.columns() != of_songs.vectors.columns())
    throw BadInput(fmt::format("{}: user vectors have rank {}, song vectors {}: they are not of one model",
                               directory.string(), of_users.vectors.columns(), of_songs.vectors.columns()));
  FactorModel model;
  model.users = take(of_users, users, split.users, model.users_without_vector);
  model.songs = take(of_songs, songs, first_rows(split.held_out.columns), model.songs_without_vector);
  if (model.users_without_vector == model.users.rows() || model.songs_without_vector == model.songs.rows())
    throw BadInput(fmt::format("{}: it has {} of the {} users evaluated and {} of the {} songs: its ids are others",
                               directory.string(), model.users.rows() - model.users_without_vector, model.users.rows(),
                               model.songs.rows() - model.songs_without_vector, model.songs.rows()));
  return model;
}

void write_split(const std::filesystem::path& target, const Split& split, const data::IdTable& users,
                 const data::IdTable& songs) {
  const std::filesystem::path directory = target.string() + ".partial";
  std::filesystem::remove_all(directory);
  std::filesystem::create_directories(directory);
  data::write_ids(directory / "users.ids.tsv", users, split.train.plays.rows);
  data::write_ids(directory / "songs.ids.tsv", songs, split.held_out.columns);
  write_npy<std::int32_t>(directory / "evaluated.npy", split.users);
  data::write_csr(directory, "strength", split.train.strength.view());
  data::write_csr(directory, "plays", split.train.plays.view());
  data::write_csr(directory, "held_out", split.held_out.view());
  data::write_csr(directory, "seen", split.seen.view());
  if (split.fold_in.rows > 0)
    data::write_csr(directory, "fold_in", split.fold_in.view());
  std::filesystem::rename(directory, target);
}

}  // namespace segue::evaluate
