#pragma once

#include <cstdint>

#include "segue/core/matrix.hpp"
#include "segue/core/progress.hpp"
#include "segue/data/csr.hpp"

namespace segue::bench {

struct PowerLaw {
  std::int64_t users = 0;
  std::int64_t songs = 0;
  std::int64_t interactions = 0;  ///< 0 to users·songs/8
  std::uint64_t seed = 1;
};

/// @throws InvalidArgument  the option, its value and its range
void check_shape(const PowerLaw& shape);

/// Plays as real logs have them: a user's number of songs is log-normal (σ = 1.2), a song's share of the plays falls as
/// (place + 20)^−0.9, places are shuffled over the rows, an interaction is one or more plays, 2.5 on average. Exactly
/// `interactions` different pairs; some users have none. The same on any number of threads.
/// @throws InvalidArgument  as check_shape()
data::Csr power_law_plays(const PowerLaw& shape, Progress& progress);

/// [rows × rank]: Gaussian with a falling spectrum, component j of deviation (j + 1)^−½, times log-normal lengths
/// (σ = 0.3), as factors are: most of what tells rows apart lies in few directions.
Matrix<float> factor_like_vectors(std::int64_t rows, std::int64_t rank, std::uint64_t seed);

}  // namespace segue::bench
