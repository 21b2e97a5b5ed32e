#pragma once

#include <cstdint>

#include "cuda/als/half_iteration.hpp"
#include "cuda/core/context.hpp"
#include "cuda/core/device_buffer.hpp"

namespace segue::cuda {

/// Solves rows by their factored normal equations (exact_kernel.cuh).
class ExactSolver {
 public:
  ExactSolver(const CudaContext& context, int rank);
  static std::int64_t bytes(const CudaContext& context, int rank);

  /// Queued on the context's stream. half.source holds floats, half.gram is not read.
  /// @param offsets  [rows + 1] of the block, on the device
  /// @param gram     [padded rank × padded rank] YᵀY on the device, the upper triangle
  void solve(const HalfIteration& half, const std::int64_t* offsets, const double* gram);

 private:
  const CudaContext& context_;
  std::int64_t blocks_;
  DeviceBuffer<double> matrices_;
};

/// U of YᵀY + λI = UᵀU [columns × columns], for whitened coordinates; gram is overwritten. Queued on the context's
/// stream.
void factor_for_whitening(const CudaContext& context, double* gram, std::int64_t columns, double lambda, float* upper);

}  // namespace segue::cuda
