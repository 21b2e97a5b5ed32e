#pragma once

#include <cstdint>

#include "cuda/als/side.hpp"

namespace segue::cuda {

/// The parts of the loss that go over rows and interactions, summed on the device in double.
class LossSum {
 public:
  explicit LossSum(const CudaContext& context);
  static std::int64_t bytes(const CudaContext& context);

  /// All of these queue on the context's stream.
  void clear();
  /// Σ c(p − x·y)² − (x·y)² over a block's interactions.
  /// @param others  [columns × padded rank] floats on the device
  void add_interactions(const RowBlock& block, const float* others, const als::Options& options);
  /// Σ λ‖x‖² over a block's rows.
  void add_penalty(const RowBlock& block, std::int64_t columns, const als::Options& options);
  double total() const;  ///< waits

 private:
  const CudaContext& context_;
  DeviceBuffer<double> sums_;  ///< a block of threads each
};

}  // namespace segue::cuda
