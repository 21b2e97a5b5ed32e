#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "segue/als/engine.hpp"
#include "segue/core/aligned.hpp"

namespace segue::als {

/// Vectors are padded with zeros to whole 64-byte lines, so that no kernel has a remainder in the rank.
constexpr std::int64_t kRankMultiple = 16;
constexpr std::int64_t padded_rank(int rank) {
  return (rank + kRankMultiple - 1) / kRankMultiple * kRankMultiple;
}

/// The vectors that a half-iteration gathers, at random: [rows × padded rank].
struct GatherSource {
  Storage storage = Storage::float32;
  const void* vectors = nullptr;  ///< floats, or the 16 bits of each; a vector is scale · what is stored
  float scale = 1;                ///< a power of two
};

/// One side's rows against the other side's vectors, which stay as they are.
struct HalfIteration {
  data::CsrView interactions;  ///< [target rows × source rows]
  MatrixView<float> target;    ///< [rows × padded rank]; rows without interactions are not touched
  GatherSource source;
  const float* gram = nullptr;  ///< [padded rank × padded rank] YᵀY; null: the identity, λ included (whitened)
  float gram_norm = 0;          ///< a lower bound of |YᵀY|₂: its largest diagonal element
  Options options;
};

/// The row's r, or nothing for a pattern, where each is 1.
inline std::span<const float> strengths_of(const data::CsrView& interactions, std::int64_t row) {
  return interactions.values.empty() ? std::span<const float>() : interactions.row_values(row);
}

struct RowRange {
  std::int64_t begin;
  std::int64_t end;
};

/// Pieces of about equal work for the threads to take; rows with very many interactions stand alone and come first, so
/// that none of them is the last to start. Ranges without interactions are left out.
std::vector<RowRange> row_tasks(const data::CsrView& interactions);

/// What a thread needs to solve rows by CG: the gathered vectors of a batch of rows, and the batch's CG vectors.
class CgScratch {
 public:
  /// Enough for any row of `interactions`; 4 MiB of vectors at most, past which they are gathered again in each pass.
  void reserve(const data::CsrView& interactions, std::int64_t padded_rank);
  static std::int64_t most_bytes(std::int64_t padded_rank);

  static constexpr std::int64_t kBatchRows = 8;
  std::int64_t stage_rows = 0;      ///< multiple of 8
  std::int64_t batch_rows = 0;      ///< interactions that a batch of more than one row may have
  AlignedVector<float> stage;       ///< [stage_rows + 8 × padded rank]; the last 8 for what does not fit
  AlignedVector<float> confidence;  ///< [stage_rows + 8] c − 1 of each, times scale²
  AlignedVector<float> x, r, p, q;  ///< [kBatchRows × padded rank]
};

/// cg_steps steps of conjugate gradient from the target's present vectors, for the rows of a range.
void solve_rows_cg(const HalfIteration& half, RowRange rows, CgScratch& scratch);

/// Σ over the range's interactions of c(p − xᵤ·yᵢ)² − (xᵤ·yᵢ)²: with Σ(xᵤ·yᵢ)² over all pairs, the loss's error term.
/// @param rows, others  [· × padded rank], aligned
double interaction_loss(const data::CsrView& interactions, MatrixView<const float> rows, MatrixView<const float> others,
                        double alpha, RowRange range);

/// Both take whole padded vectors.
float max_abs(std::span<const float> values);
/// Rounds values · factor to the nearest float16, ties to even.
void to_float16(std::span<const float> values, float factor, std::span<std::uint16_t> halves);
/// The same to bfloat16.
void to_bfloat16(std::span<const float> values, float factor, std::span<std::uint16_t> halves);

}  // namespace segue::als
