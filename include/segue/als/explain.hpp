#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "segue/als/solver.hpp"

namespace segue::als {

/// How much one listened song adds to a recommendation's score.
struct Contribution {
  std::int32_t song;
  float weight;
};

/// Splits the score of a recommendation over the listens that made it: ŷ_ui = Σⱼ s_ij c_uj with
/// s_ij = yᵢᵀ (YᵀCᵘY + λᵤI)⁻¹ yⱼ      (Hu, Koren & Volinsky 2008, §5). Serves several threads at once.
class Explainer {
 public:
  /// @param songs  [songs × rank]; borrowed
  Explainer(MatrixView<const float> songs, const Options& options);

  /// @param listened, strength  the user's row of interactions
  /// @param recommended         songs to explain
  /// @param count               contributions wanted for each, largest first (ties by row), positive ones only
  /// @return one list for each recommended song
  std::vector<std::vector<Contribution>> explain(std::span<const std::int32_t> listened,
                                                 std::span<const float> strength,
                                                 std::span<const std::int32_t> recommended, int count) const;

 private:
  MatrixView<const float> songs_;
  Options options_;
  Matrix<double> gram_;
};

}  // namespace segue::als
