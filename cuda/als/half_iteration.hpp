#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "cuda/als/row_bins.hpp"
#include "cuda/core/context.hpp"
#include "segue/als/solver.hpp"

namespace segue::cuda {

/// The vectors that a half-iteration gathers, on the device: [columns × padded rank] of the type that `storage` names,
/// 16-byte aligned. A vector is scale · what is stored.
struct GatherSource {
  const void* vectors = nullptr;
  als::Storage storage = als::Storage::float16;
  float scale = 1;  ///< a power of two
};

/// A block of one side's rows against the other side's vectors, all pointers to device memory.
struct HalfIteration {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  const std::int64_t* offsets = nullptr;  ///< [rows + 1]; row r's interactions begin at offsets[r] − offsets[0]
  const std::int32_t* indices = nullptr;
  const float* values = nullptr;  ///< nullptr: a pattern, each r is 1
  float* target = nullptr;        ///< [rows × padded rank]; rows without interactions are not touched
  GatherSource source;
  const float* gram = nullptr;  ///< [padded rank × padded rank] YᵀY; nullptr: the identity, λ included (whitened)
  float gram_norm = 0;          ///< its largest diagonal element: a lower bound of |YᵀY|₂
  als::Options options;
};

/// cg_steps steps of conjugate gradient from the target's present vectors for every row of the block, queued on
/// `stream`: what host/als/cg_kernel.cpp computes, and the same bits each time.
/// @param bins       of this block, storage and rank; borrowed until the stream is done
/// @param workspace  bins.workspace_bytes() of device memory, 16-byte aligned, borrowed until the stream is done
void solve_rows_cg(const CudaContext& context, cudaStream_t stream, const HalfIteration& half, const RowBins& bins,
                   std::span<std::byte> workspace);

}  // namespace segue::cuda
