#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "cuda/als/device_csr.hpp"
#include "cuda/als/row_bins.hpp"
#include "cuda/core/block_stream.hpp"
#include "segue/als/engine.hpp"

namespace segue::cuda {

/// Rows [begin, end) of a side on the device.
struct RowBlock {
  std::int64_t begin, end;
  const std::int64_t* offsets;  ///< [rows + 1]; indices and values begin at offsets[0]
  const std::int32_t* indices;
  const float* values;  ///< nullptr: a pattern
  float* vectors;       ///< [rows × padded rank]
  const RowBins* bins;  ///< nullptr where there are none

  std::int64_t rows() const { return end - begin; }
};

/// How a block of rows lies in a slot of a BlockStream.
struct BlockLayout {
  BlockLayout(std::int64_t rows, std::int64_t interactions, bool pattern, std::int64_t padded_rank);
  std::int64_t indices, values, vectors, bytes;  ///< offsets come first, the vectors last
};

/// Users or songs: interactions and vectors, both on the device, or both on the host and passing through in blocks.
class Side {
 public:
  /// All on the device.
  Side(const CudaContext& context, als::SideName name, const data::CsrView& interactions, const als::Options& options,
       DeviceCsr on_device);
  /// Through `stream`, which is borrowed.
  Side(const CudaContext& context, als::SideName name, const data::CsrView& interactions, const als::Options& options,
       BlockStream& stream);

  const char* name() const { return name_ == als::SideName::users ? "users" : "songs"; }
  const data::CsrView& interactions() const { return interactions_; }
  std::int64_t rows() const { return interactions_.rows; }
  static constexpr std::int64_t kStagingBytes = 32 << 20;  ///< of host memory, on the way to vectors on the device
  std::int64_t most_workspace_bytes() const;               ///< of solve_rows_cg() for any of its blocks

  /// vector_of(row, to) for each row with interactions; the others are zeros.
  void set(const std::function<void(std::int64_t row, std::span<float> to)>& vector_of);
  void copy_to(MatrixView<float> out) const;

  /// All vectors on the device, or nullptr.
  const float* resident_vectors() const { return vectors_.data(); }
  /// Vectors [first, first + rows), first and all rows but the last piece's multiples of GramSum::kChunkRows; `queue`
  /// queues work on the context's stream.
  void for_each_piece(
      const std::function<void(const float* vectors, std::int64_t first, std::int64_t rows)>& queue) const;
  /// Blocks of rows; `queue` as above. Where it changes vectors, they are kept as it leaves them.
  enum class Vectors { read, changed };
  void for_each_block(Vectors vectors, const std::function<void(const RowBlock&)>& queue);

 private:
  struct Rows {
    std::int64_t begin, end;
    std::optional<RowBins> bins;
  };
  void add_rows(std::int64_t begin, std::int64_t end);
  BlockLayout layout_of(const Rows& rows) const;
  std::int64_t fill(const Rows& rows, std::byte* staging) const;
  RowBlock block_in_slot(const Rows& rows, std::byte* device) const;
  RowBlock resident_block();

  const CudaContext& context_;
  als::SideName name_;
  data::CsrView interactions_;
  als::Options options_;
  std::int64_t padded_rank_;
  std::vector<Rows> blocks_;
  DeviceCsr on_device_;
  DeviceBuffer<float> vectors_;  ///< [rows × padded rank]
  BlockStream* stream_ = nullptr;
  Matrix<float> host_vectors_;  ///< the same, where they pass through
};

/// Cuts rows into [begin, end)s, in order, whose BlockLayouts fit a slot, or are one row.
std::vector<std::pair<std::int64_t, std::int64_t>> cut_rows(const data::CsrView& interactions, std::int64_t padded_rank,
                                                            std::int64_t slot_bytes);

/// Rows [begin, end); the offsets keep their values, so that the first need not be 0.
data::CsrView rows_between(const data::CsrView& matrix, std::int64_t begin, std::int64_t end);

/// out = the first columns of vectors [out.rows() × padded rank] on the device; waits.
void copy_vectors(const CudaContext& context, const float* vectors, std::int64_t padded_rank, MatrixView<float> out);

/// The least slot with which a side can pass through: its longest row, and a chunk of vectors.
std::int64_t least_slot_bytes(const data::CsrView& interactions, std::int64_t padded_rank);

}  // namespace segue::cuda
