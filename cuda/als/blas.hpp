#pragma once

#include <cstdint>

#include "cuda/core/context.hpp"
#include "cuda/core/device_buffer.hpp"

namespace segue::cuda {

/// The dense products of ALS by cuBLAS, queued on the context's stream. The library is loaded when the first is made,
/// so that `segue` starts without it: linked, it would cost each start 0.07 s and 200 MB.
/// Matrices are row-major and packed, vectors their rows; all pointers are device memory.
class Blas {
 public:
  /// @throws DeviceUnavailable  cuBLAS cannot be loaded: why, and what to do
  explicit Blas(const CudaContext& context);
  ~Blas();
  Blas(const Blas&) = delete;
  Blas& operator=(const Blas&) = delete;

  /// AᵀA of `chunks` matrices A [rows × columns] that lie one after the other: out [chunks × columns × columns].
  void products(const float* a, int chunks, int rows, int columns, float* out) const;
  void products(const double* a, int chunks, int rows, int columns, double* out) const;

  /// With the upper triangular U [columns × columns], in place for x [rows × columns]:
  void multiply_rows(const float* u, std::int64_t rows, int columns, float* x) const;          ///< rows x → Ux
  void solve_rows(const float* u, std::int64_t rows, int columns, float* x) const;             ///< rows x → U⁻¹x
  void solve_rows_transposed(const float* u, std::int64_t rows, int columns, float* x) const;  ///< rows x → U⁻ᵀx

  /// What cuBLAS may use; it is given rather than taken, so that it stands in the memory plan.
  static constexpr std::int64_t kWorkspaceBytes = 32 << 20;

 private:
  void* handle_ = nullptr;
  DeviceBuffer<std::byte> workspace_;
};

}  // namespace segue::cuda
