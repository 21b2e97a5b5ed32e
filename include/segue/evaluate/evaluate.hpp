#pragma once

#include <cstdint>
#include <vector>

#include "segue/als/solver.hpp"
#include "segue/core/matrix.hpp"
#include "segue/core/progress.hpp"
#include "segue/evaluate/metrics.hpp"
#include "segue/evaluate/scorer.hpp"
#include "segue/evaluate/split.hpp"

namespace segue::evaluate {

/// How good a model's rankings are, user by user.
struct Evaluation {
  std::vector<Metric> metrics;              ///< as asked for
  Matrix<double> per_user;                  ///< [evaluated users × metrics]
  std::vector<double> means;                ///< [metrics]
  std::vector<CatalogueFigures> catalogue;  ///< for each k in the metrics, ascending
  Matrix<std::int32_t> lists;  ///< [evaluated users × largest k] songs, best first; −1 where there are fewer
  double seconds = 0;

  /// Of all users.  @throws InvalidArgument  the metric was not asked for
  double mean(const Metric& metric) const;
  std::vector<double> values(const Metric& metric) const;  ///< by user
};

/// Ranks all candidates for every user of the split, on all threads; never a sample of them. Candidates are all songs
/// but split.seen; ties go by ascending row. The result does not depend on the thread count. mrr and auc need the rank
/// of each held-out song wherever it is; without them only the first songs are looked at, which takes less time.
/// @param scorer  of as many users and songs as split.held_out has rows and columns
/// @throws InvalidArgument  shapes that differ, a user without a held-out song, no metrics, diversity without vectors
Evaluation evaluate(const Scorer& scorer, const Split& split, const SongStatistics& songs,
                    const std::vector<Metric>& metrics, Progress& progress);

/// What the evaluated users streamed in training (strong: what the model is given of them), as popularity and long-tail
/// measure lists: means over users of the mean over their songs.
struct Consumption {
  double popularity = 0;
  double long_tail = 0;
};
Consumption consumption(const Split& split, const SongStatistics& songs);

/// Vectors of the evaluated users, [split.users × rank]: those trained, or folded in (strong).
/// @param solver  trained on split.train
Matrix<float> evaluated_users(const Split& split, const als::Solver& solver);

}  // namespace segue::evaluate
