#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cuda/core/context.hpp"
#include "cuda/core/device_buffer.hpp"
#include "segue/als/solver.hpp"

namespace segue::cuda {

/// Vectors on the device are padded with zeros to whole warps of values.
constexpr std::int64_t kRankMultiple = 32;
constexpr std::int64_t padded_rank(int rank) {
  return (rank + kRankMultiple - 1) / kRankMultiple * kRankMultiple;
}

/// Interactions [begin, begin + size) of the block, of row `row`; 16 bytes, as the kernels copy it.
struct alignas(16) RowSpan {
  std::int64_t begin = 0;
  std::int32_t row = 0;
  std::int32_t size = 0;
};

/// A row whose interactions are split over thread blocks.
struct alignas(16) SplitRow {
  std::int64_t size = 0;
  std::int32_t row = 0;
  std::int32_t first_slice = 0;  ///< among the slices of its round
  std::int32_t slices = 0;
};

/// Where a row goes: for tests, which send short rows the long rows' ways. 0: what the device's shared memory holds.
struct RowLimits {
  std::int64_t batch = 0;  ///< interactions of a batch, and of the longest row in one
  std::int64_t slice = 0;  ///< interactions of a slice
  std::int64_t round = 0;  ///< slices whose partial results exist at a time
};

/// What the batch kernel can hold in shared memory, for a rank and a storage.
struct BatchRoom {
  std::int64_t rows;          ///< of a batch, at most
  std::int64_t interactions;  ///< of a batch, each row's rounded up to a multiple
  std::int64_t multiple;
};
BatchRoom batch_room(std::int64_t padded_rank, als::Storage storage, std::int64_t shared_bytes);
/// What solve_rows_cg() needs for a round of that many slices of that many rows.
std::int64_t cg_workspace_bytes(std::int64_t padded_rank, bool matrix, std::int64_t slices, std::int64_t rows);
/// Are rows longer than a batch solved by their explicit normal matrix, on the tensor cores? Else slice by slice.
bool by_matrix(std::int64_t padded_rank, als::Storage storage, std::int64_t shared_bytes);

/// Which kernel takes which row of a block, by its number of interactions; made once, kept with the block. Rows without
/// interactions are left out, the longest come first.
class RowBins {
 public:
  /// Waits for the copy to the device.
  /// @param offsets  [rows + 1] of the block's rows, on the host; need not begin with 0
  /// @param values   of the block's interactions, on the host; empty: a pattern
  RowBins(const CudaContext& context, std::span<const std::int64_t> offsets, std::span<const float> values,
          const als::Options& options, const RowLimits& limits = {});

  /// Device memory of the bins, and that which solve_rows_cg() needs besides.
  std::int64_t bytes() const;
  std::int64_t workspace_bytes() const;
  /// Upper bounds of both for a block with that many rows and interactions.
  static std::int64_t most_bytes(const CudaContext& context, std::int64_t rows, std::int64_t interactions,
                                 const als::Options& options);
  static std::int64_t most_workspace_bytes(const CudaContext& context, std::int64_t rows, std::int64_t interactions,
                                           const als::Options& options);

  /// Slices [first_slice, + slices) and the rows [first_row, + rows) that they add up to: one launch each.
  struct Round {
    std::int64_t first_row, rows;
    std::int64_t first_slice, slices;
  };

  std::int64_t batch_count() const { return batch_count_; }
  const RowSpan* batches() const { return batches_.data(); }  ///< room.rows of each, unused ones of size 0
  std::span<const RowSpan> whole_rows() const { return whole_rows_.span(); }  ///< one thread block each, by matrix
  const RowSpan* slices() const { return slices_.data(); }  ///< `row` is the position in the round's split rows
  const SplitRow* split_rows() const { return split_rows_.data(); }
  std::span<const Round> rounds() const { return rounds_; }
  bool matrix() const { return matrix_; }                       ///< by_matrix()
  float largest_strength() const { return largest_strength_; }  ///< max |r|

 private:
  bool matrix_ = false;
  std::int64_t batch_count_ = 0;
  std::int64_t workspace_bytes_ = 0;
  float largest_strength_ = 1;
  DeviceBuffer<RowSpan> batches_, whole_rows_, slices_;
  DeviceBuffer<SplitRow> split_rows_;
  std::vector<Round> rounds_;
};

}  // namespace segue::cuda
