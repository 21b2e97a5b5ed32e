#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "segue/als/solver.hpp"
#include "segue/core/device.hpp"
#include "segue/core/matrix.hpp"
#include "segue/core/progress.hpp"
#include "segue/data/id_table.hpp"
#include "segue/evaluate/evaluate.hpp"
#include "segue/evaluate/split.hpp"

namespace segue::evaluate {

/// Vectors to rank by.
struct FactorModel {
  Matrix<float> users;                    ///< [split.users × rank]
  Matrix<float> songs;                    ///< [songs × rank]
  std::vector<double> loss;               ///< after each iteration; empty where it was trained elsewhere
  std::vector<double> curve;              ///< the metric asked for, after each iteration
  double training_seconds = 0;            ///< without the evaluations in between
  std::int64_t users_without_vector = 0;  ///< of a table: evaluated users and songs it does not have; they get zeros
  std::int64_t songs_without_vector = 0;
};

struct TrainingOptions {
  als::Options als;
  double share = 1;  ///< of the training pairs, drawn at random; a smaller share is part of a larger one
  const Metric* after_each = nullptr;     ///< evaluated after each iteration, for the curve; nullptr: none
  const SongStatistics* songs = nullptr;  ///< where there is a curve
};

/// ALS on split.train; users of Protocol::strong are folded in.
FactorModel train_als(Device device, const Split& split, const TrainingOptions& options, Progress& progress);

/// Vectors made elsewhere: users.npy, users.ids.tsv, songs.npy and songs.ids.tsv (data::FactorTable).
/// @param users, songs  ids of the whole that the split was made of
/// @throws IoError, BadInput
FactorModel read_factors(const std::filesystem::path& directory, const Split& split, const data::IdTable& users,
                         const data::IdTable& songs);

/// Writes what another program needs to train and evaluate on the same split: users.ids.tsv and songs.ids.tsv of the
/// whole, evaluated.npy (int32, rows of users), and as data::write_csr() has it strength and plays of the training,
/// held_out, seen and, for Protocol::strong, fold_in.
/// @throws IoError
void write_split(const std::filesystem::path& directory, const Split& split, const data::IdTable& users,
                 const data::IdTable& songs);

}  // namespace segue::evaluate
