#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "segue/core/device.hpp"
#include "segue/core/matrix.hpp"
#include "segue/data/csr.hpp"

namespace segue::search {

enum class Metric {
  inner_product,  ///< score = q·x
  cosine,         ///< score = q·x / (‖q‖‖x‖); a zero vector scores 0 with everything
  l2,             ///< score = −‖q − x‖², so that more is nearer here too
};

/// One result. `row` is the row in the index.
struct Hit {
  float score;
  std::int32_t row;

  static constexpr Hit none() { return {-std::numeric_limits<float>::infinity(), -1}; }
  friend bool operator==(const Hit&, const Hit&) = default;
};

struct SearchOptions {
  int k = 10;  ///< hits per query, 1–2048
  /// Rows each query must not get: row q of this pattern, indices ascending. Empty (0 rows): none.
  data::CsrView exclude;
  /// Rows any query may get: bit (row & 63) of word (row >> 6). Empty: all.
  std::span<const std::uint64_t> allow;
  /// Lists that an IvfIndex (ivf.hpp) looks into; 0: as many as the index was made for. An exact index takes no notice.
  std::int64_t probes = 0;
};

/// Top-k over a fixed set of vectors: exact, but for IvfIndex. search() may be called from several threads at once. A
/// pair's score does not depend on the other queries, the threads or the pair's place: products are summed in float32
/// in ascending order of the components; l2 sums (q − x)² in double and rounds once.
class Index {
 public:
  virtual ~Index() = default;

  /// The k best rows of each query, best first; ties by ascending row; a NaN score never enters.
  /// @param queries  [queries × rank], row-major, host
  /// @param hits     [queries × k], written whole; where fewer than k rows are left, the rest is Hit::none()
  /// @throws InvalidArgument  queries of another rank, hits of another shape, k out of range, exclude or allow of
  ///                          another size: the message has both numbers; hits is unchanged
  /// @throws OutOfMemory  on a GPU: the index leaves no room for a query; hits is unchanged
  virtual void search(MatrixView<const float> queries, MatrixView<Hit> hits, const SearchOptions& options) const = 0;

  virtual std::int64_t rows() const = 0;
  virtual std::int64_t rank() const = 0;
  virtual Metric metric() const = 0;

  /// One file, docs/formats.md; load_index() maps it.  @throws IoError
  virtual void save(const std::filesystem::path& path) const = 0;
};

/// @param vectors  [rows × rank], row-major, host; copied. rows < 2³¹, rank 1–4096
/// @throws InvalidArgument;  DeviceUnavailable  naming what is missing;  OutOfMemory  more than the GPU has left
std::unique_ptr<Index> make_index(Device device, MatrixView<const float> vectors, Metric metric);

/// Maps a saved index. Header and vectors are checked against their CRC-32 on all threads, which reads the file once,
/// as the first search would.
/// @throws IoError;  BadInput  another format or version, a truncated or damaged file;  DeviceUnavailable, OutOfMemory
std::unique_ptr<Index> load_index(Device device, const std::filesystem::path& path);

/// Bits for SearchOptions::allow, all 0.
std::vector<std::uint64_t> make_mask(std::int64_t rows);
inline void set_bit(std::span<std::uint64_t> mask, std::int64_t row) {
  mask[static_cast<std::size_t>(row >> 6)] |= std::uint64_t{1} << (row & 63);
}
inline void clear_bit(std::span<std::uint64_t> mask, std::int64_t row) {
  mask[static_cast<std::size_t>(row >> 6)] &= ~(std::uint64_t{1} << (row & 63));
}
inline bool has_bit(std::span<const std::uint64_t> mask, std::int64_t row) {
  return (mask[static_cast<std::size_t>(row >> 6)] >> (row & 63)) & 1;
}

}  // namespace segue::search
