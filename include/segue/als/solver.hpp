#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "segue/core/device.hpp"
#include "segue/core/matrix.hpp"
#include "segue/core/memory_plan.hpp"
#include "segue/data/csr.hpp"

namespace segue::als {

enum class Method {
  conjugate_gradient,  ///< cg_steps steps from the last iteration's vectors (Takács, Pilászy & Tikk 2011)
  cholesky,            ///< exact; rank³ a row: the reference, and for small ranks
};

enum class Preconditioner {
  none,  ///< plain CG
  gram,  ///< CG in coordinates where YᵀY + λI is the identity; regularization_exponent must be 0
};

enum class Storage {
  float32,
  float16,   ///< scaled by a power of two, so that 11 bits stay of all but the smallest
  bfloat16,  ///< 8 bits, the range of float32
};

/// "float32", "float16" or "bfloat16".
const char* name_of(Storage storage);

/// Implicit-feedback ALS: minimises, with p = [r > 0], c = 1 + alpha·|r|,
///     Σ_{u,i} c_ui (p_ui − xᵤ·yᵢ)² + Σᵤ λᵤ‖xᵤ‖² + Σᵢ λᵢ‖yᵢ‖²          Hu, Koren & Volinsky (2008), eq. 3
///     λᵤ = regularization·(nᵤ + songs/alpha)^regularization_exponent    Rendle et al. (2021), eq. 11 (α₀ = 1/alpha)
/// and the same for songs with users; nᵤ is the number of the row's interactions.
struct Options {
  int rank = 128;                      ///< 1–1024
  int iterations = 15;                 ///< 1–10000; one iteration solves users, then songs
  double alpha = 1;                    ///< confidence of one stream, 1e-6 to 1e6
  double regularization = 10;          ///< λ, 0 to 1e9
  double regularization_exponent = 0;  ///< 0 (Hu et al.: the same λ for all) to 1 (by frequency)
  Method method = Method::conjugate_gradient;
  int cg_steps = 3;  ///< 1–100
  Preconditioner preconditioner = Preconditioner::none;
  Storage gather_storage = Storage::float16;  ///< of the vectors that CG reads at random; sums are float32
  double init_scale = 0.1;  ///< first vectors are normal, deviation init_scale/√rank (Rendle et al.); 1e-6 to 1e3
  std::uint64_t seed = 1;
};

/// @throws InvalidArgument  the option, its value and its range
void check_options(const Options& options);

/// Solves one side at a time for a fixed interaction matrix. Results depend on the options, the device and nothing
/// else: not on the thread count. Not for use from several threads at once.
///
/// On a GPU, matrices and vectors stay there where they fit; where not, vectors live in the host's memory and rows pass
/// through the device in blocks, which changes the last bits of results.
class Solver {
 public:
  virtual ~Solver() = default;

  /// One iteration: all users against the songs, then all songs against the users.
  virtual void iterate() = 0;

  /// The objective above at the current vectors, divided by Σ_{u,i} c_ui: comparable between ranks and with
  /// `implicit`'s training loss.
  virtual double loss() const = 0;

  /// Copies of the current vectors: [users × rank], [songs × rank].
  virtual void copy_users(MatrixView<float> out) const = 0;
  virtual void copy_songs(MatrixView<float> out) const = 0;

  /// Sets both, as for resuming.  @throws InvalidArgument  another shape
  virtual void set_factors(MatrixView<const float> users, MatrixView<const float> songs) = 0;

  /// Vectors of users not in the matrix, by the exact solution against the current songs, which stay as they are.
  /// @param interactions  [new users × songs], values r
  /// @param out           [new users × rank]; a user without interactions gets zeros
  virtual void fold_in_users(const data::CsrView& interactions, MatrixView<float> out) const = 0;
  /// The same for new songs: [new songs × users].
  virtual void fold_in_songs(const data::CsrView& interactions, MatrixView<float> out) const = 0;

  virtual const Options& options() const = 0;
};

/// @param by_user, by_song  r and its transpose; borrowed: they must outlive the solver
/// @throws InvalidArgument    options out of range, or matrices that are not each other's transpose in shape
/// @throws DeviceUnavailable  naming what is missing
/// @throws OutOfMemory        a GPU has less than the least that works, streaming the rows: the plan and what is free
std::unique_ptr<Solver> make_solver(Device device, const data::CsrView& by_user, const data::CsrView& by_song,
                                    const Options& options);

/// What make_solver() will allocate in the host's memory, beside the matrices themselves. What it takes of a GPU's it
/// logs itself, and it throws OutOfMemory with the numbers where that does not fit.
MemoryPlan memory_plan(Device device, const data::CsrView& by_user, const Options& options);

}  // namespace segue::als
