#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "segue/als/solver.hpp"
#include "segue/core/progress.hpp"

namespace segue::als {

struct TrainOptions {
  Options als;
  int checkpoint_every = 5;  ///< iterations; 0: never
};

struct Factors {
  Matrix<float> users;  ///< [users × rank]
  Matrix<float> songs;  ///< [songs × rank]
};

struct TrainResult {
  Factors factors;
  std::vector<double> loss;               ///< after each iteration, those before a resume included
  std::vector<double> iteration_seconds;  ///< of the iterations run here
  int resumed_at = 0;                     ///< iterations that a checkpoint had already done
};

/// Trains with checkpoints: `directory`/checkpoint holds the last one, replaced whole. A run that finds one made for
/// the same options, matrix and version goes on from there, to the same bits as a run that was never stopped; one made
/// for anything else is ignored, with a line in the log.
/// @param directory  empty path: no checkpoints
/// @param data_hash  identifies the interaction matrix
TrainResult train(Device device, const data::CsrView& by_user, const data::CsrView& by_song,
                  const TrainOptions& options, const std::filesystem::path& directory, const std::string& data_hash,
                  Progress& progress);

}  // namespace segue::als
