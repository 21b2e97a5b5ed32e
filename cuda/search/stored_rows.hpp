// The vectors of an index in device memory: float32 as they are scored, and a 16-bit copy that the tensor cores scan.
#pragma once

#include <cstdint>
#include <span>

#include "cuda/core/context.hpp"
#include "cuda/core/device_buffer.hpp"
#include "cuda/core/kernel.hpp"
#include "segue/core/matrix.hpp"
#include "segue/search/index.hpp"

namespace segue::cuda::search {

using segue::search::Hit;
using segue::search::Metric;
using segue::search::SearchOptions;

/// Rows that share a scale; each scan reads whole tiles.
inline constexpr std::int64_t kTileRows = 128;
/// Components that the scan takes at a time; vectors are padded with zeros to a multiple of it.
inline constexpr std::int64_t kSlab = 32;

constexpr std::int64_t round_up(std::int64_t value, std::int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

/// What a tile's 16-bit copies stand for. A vector is copy / inverse_scale, off by at most norm · 2⁻¹² in length.
struct Tile {
  float inverse_scale;  ///< a power of two
  float norm;           ///< no less than the length of any vector of the tile that can be scanned
};

/// What kernels see of StoredRows, all of it device memory.
struct RowsView {
  std::int64_t rows = 0;
  std::int64_t stride = 0;         ///< rank, padded to kSlab
  const float* vectors = nullptr;  ///< [rows × stride], unit length for cosine
  const __half* copies = nullptr;  ///< [rows rounded up to kTileRows][stride]
  /// By row of `copies`, in units of its tile: what the scan adds to q·x. 0, or −½‖x‖² for l2; NaN: the row cannot be
  /// scanned (a component is infinite, the length 2⁶⁰ or more) and is always measured; −∞: it is never a hit (a NaN).
  const float* biases = nullptr;
  const Tile* tiles = nullptr;
  const std::int32_t* ids = nullptr;  ///< what a row is called in hits and filters; nullptr: by its place
};

/// The rows of an index, prepared once.
class StoredRows {
 public:
  enum class Form {
    raw,     ///< as the caller has them: brought to unit length for cosine
    stored,  ///< as an index has them: of unit length already
  };

  /// @param vectors  [rows × rank], host
  /// @param ids      empty, or [rows], host
  /// @throws OutOfMemory  they do not fit the device: both numbers
  StoredRows(const CudaContext& context, MatrixView<const float> vectors, Metric metric, Form form,
             std::span<const std::int32_t> ids = {});

  RowsView view() const;
  std::int64_t rows() const { return rows_; }
  std::int64_t rank() const { return rank_; }
  std::int64_t stride() const { return stride_; }
  Metric metric() const { return metric_; }
  /// The float32 vectors, as Form::stored.
  void read(const CudaContext& context, MatrixView<float> vectors) const;

 private:
  std::int64_t rows_, rank_, stride_, tiles_count_;
  Metric metric_;
  DeviceBuffer<float> vectors_;
  DeviceBuffer<__half> copies_;
  DeviceBuffer<float> biases_;
  DeviceBuffer<Tile> tiles_;
  DeviceBuffer<std::int32_t> ids_;
};

}  // namespace segue::cuda::search
