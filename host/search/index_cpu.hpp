#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>

#include "host/search/candidates.hpp"
#include "host/search/scan_kernel.hpp"
#include "segue/core/aligned.hpp"
#include "segue/core/file.hpp"
#include "segue/search/index.hpp"

namespace segue::search {

/// What an index is, apart from the numbers in it.
struct IndexShape {
  Metric metric = Metric::inner_product;
  std::int64_t rows = 0;
  std::int64_t rank = 0;

  /// Components of a packed row: l2 has −½‖x‖² after the last.
  std::int64_t depth() const { return rank + (metric == Metric::l2 ? 1 : 0); }
  std::int64_t panels() const { return (rows + kPanelRows - 1) / kPanelRows; }
  std::int64_t panel_floats() const { return depth() * kPanelRows; }
};

constexpr std::int64_t kMaxRank = 4096;
constexpr std::int64_t kMaxRows = (std::int64_t{1} << 31) - 1;
constexpr int kMaxHits = 2048;

/// @throws InvalidArgument
void check_index_shape(const IndexShape& shape);
/// Index::search()'s conditions.  @throws InvalidArgument
void check_search(const IndexShape& shape, MatrixView<const float> queries, MatrixView<Hit> hits,
                  const SearchOptions& options);

/// Exact top-k on the CPU. All rows are packed into panels once; a search is one pass of scan() over them for each
/// block of queries that L2 holds, on all threads.
class CpuIndex : public Index {
 public:
  /// Packs a copy.  @throws InvalidArgument
  CpuIndex(MatrixView<const float> vectors, Metric metric);
  /// Searches the panels at `offset` of a mapped file.
  CpuIndex(const IndexShape& shape, MappedFile file, std::size_t offset);

  void search(MatrixView<const float> queries, MatrixView<Hit> hits, const SearchOptions& options) const override;
  std::int64_t rows() const override { return shape_.rows; }
  std::int64_t rank() const override { return shape_.rank; }
  Metric metric() const override { return shape_.metric; }
  void save(const std::filesystem::path& path) const override;

  const IndexShape& shape() const { return shape_; }
  std::span<const float> panels() const { return panels_; }

 private:
  /// Scans panels [begin, end) for a block of queries that starts at `first_query` of the call.
  Candidates scan_block(MatrixView<const float> queries, std::int64_t first_query, std::int64_t begin, std::int64_t end,
                        const SearchOptions& options) const;

  IndexShape shape_;
  AlignedVector<float> packed_;  // empty when mapped
  std::optional<MappedFile> file_;
  std::span<const float> panels_;  // [panels][depth][kPanelRows], zero beyond the last row
};

}  // namespace segue::search
