#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "host/als/half_iteration.hpp"
#include "segue/als/engine.hpp"

namespace segue::als {

/// The CPU engine. One of its half-iterations: YᵀY (BLAS), Y rounded or whitened into what is gathered, rows by CG
/// (cg_kernel.cpp) or exactly (exact_row.hpp).
class CpuSolver final : public Solver {
 public:
  CpuSolver(const data::CsrView& by_user, const data::CsrView& by_song, const Options& options);

  void iterate() override;
  double loss() const override;
  void copy_users(MatrixView<float> out) const override;
  void copy_songs(MatrixView<float> out) const override;
  void set_factors(MatrixView<const float> users, MatrixView<const float> songs) override;
  void fold_in_users(const data::CsrView& interactions, MatrixView<float> out) const override;
  void fold_in_songs(const data::CsrView& interactions, MatrixView<float> out) const override;
  const Options& options() const override { return options_; }

 private:
  struct Side {
    const char* name;  ///< for messages
    data::CsrView interactions;
    std::vector<RowRange> tasks;
    Matrix<float> vectors;  ///< [rows × padded rank]; chunks (gram.hpp) without interactions are never touched

    MatrixView<const float> without_padding(int rank) const;
    std::span<const float> rows(std::int64_t begin, std::int64_t end) const;  ///< as one span
  };

  Side make_side(const char* name, const data::CsrView& interactions) const;
  void initialise(Side& side, SideName name);
  void solve(Side& target, const Side& source);
  void solve_exactly(Side& target, const Side& source) const;
  void solve_cg(Side& target, const Side& source);
  void solve_whitened(Side& target, const Side& source);
  void run_cg(const HalfIteration& half, const std::vector<RowRange>& tasks);
  GatherSource round_source(const Side& source);
  float max_abs_of(const Side& side) const;
  void round(std::span<const float> values, int exponent, std::int64_t first);
  GatherSource rounded(int exponent) const;
  void copy(const Side& side, MatrixView<float> out) const;
  void set(Side& side, MatrixView<const float> vectors) const;
  void fold_in(const Side& others, const data::CsrView& interactions, MatrixView<float> out) const;
  double penalty(const Side& side, const Matrix<double>& gram) const;

  Options options_;
  Side users_, songs_;
  AlignedVector<std::uint16_t> halves_;  ///< [source rows × padded rank], where gather_storage has 16 bits
  AlignedVector<float> whitened_;        ///< the same for a whitened source in float32
  double total_confidence_ = 0;          ///< Σ c over all pairs
};

}  // namespace segue::als
