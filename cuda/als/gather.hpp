#pragma once

#include <cstdint>

#include "cuda/als/blas.hpp"
#include "cuda/als/half_iteration.hpp"
#include "cuda/als/side.hpp"

namespace segue::cuda {

/// The vectors of the side that is gathered from, as the rows' kernels read them: a copy in another type or other
/// coordinates, or the vectors themselves.
class Gather {
 public:
  /// @param bytes     of the copy, at first; it grows where more is asked for
  /// @param whitened  prepare() will be called with an `upper`
  Gather(const CudaContext& context, const Blas& blas, std::int64_t bytes, std::int64_t padded_rank, bool whitened);
  static std::int64_t white_bytes(std::int64_t padded_rank);

  /// Queued on the context's stream; the last one's is lost.
  /// @param exponent  a copy of 16 bits holds 2^−exponent of each value
  /// @param upper     U of whitened coordinates [padded rank × padded rank] on the device; nullptr: none
  /// @throws OutOfMemory
  GatherSource prepare(const Side& side, als::Storage storage, int exponent, const float* upper);

 private:
  void convert(const float* vectors, std::int64_t rows, als::Storage storage, int exponent, std::byte* out) const;
  void whiten(const float* vectors, std::int64_t rows, als::Storage storage, int exponent, const float* upper,
              std::byte* out);

  const CudaContext& context_;
  const Blas& blas_;
  std::int64_t padded_rank_;
  DeviceBuffer<std::byte> copy_;
  DeviceBuffer<float> white_;  ///< some rows on the way to a copy of 16 bits
};

}  // namespace segue::cuda
