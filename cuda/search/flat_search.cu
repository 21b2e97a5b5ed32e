#include "cuda/search/flat_search.hpp"

#include <algorithm>
#include <mutex>
#include <numeric>
#include <vector>

#include "cuda/core/context.hpp"
#include "cuda/core/device_buffer.hpp"
#include "cuda/search/query_batch.hpp"
#include "cuda/search/stored_rows.hpp"

namespace segue::cuda {
namespace {

using search::QueryBatch;
using search::round_up;
using search::ScanItem;
using search::StoredRows;

constexpr std::int64_t kNarrowQueries = 64;  // up to here, small items cost less than a wide one that is mostly empty
constexpr std::int64_t kBlocksPerMultiprocessor = 16;  // so that the last ones to end leave little of the device idle

class FlatSearchOnDevice : public FlatSearch {
 public:
  FlatSearchOnDevice(int device, MatrixView<const float> vectors, segue::search::Metric metric, StoredRows::Form form)
      : context_(device), rows_(context_, vectors, metric, form) {}

  void search(MatrixView<const float> queries, MatrixView<segue::search::Hit> hits,
              const segue::search::SearchOptions& options) const override {
    const std::scoped_lock one_at_a_time(mutex_);  // each takes half of the memory there is, and all of the device
    context_.use();
    const DeviceBuffer<std::uint64_t> allow(options.allow, context_.stream());
    const std::int64_t at_once = QueryBatch::queries_at_once(context_, rows_, options.k);
    for (std::int64_t first = 0; first < queries.rows(); first += at_once) {
      const std::int64_t end = std::min(queries.rows(), first + at_once);
      QueryBatch batch(context_, rows_, queries.row_range(first, end),
                       {.k = options.k,
                        .order = QueryBatch::Order::ascending,
                        .exclude = options.exclude,
                        .first_query = first,
                        .device_allow = allow.data()});
      search_all_rows(batch, options.k);
      batch.finish(hits.row_range(first, end));
    }
  }

  void read(MatrixView<float> vectors) const override { rows_.read(context_, vectors); }

 private:
  void search_all_rows(QueryBatch& batch, int k) const {
    std::vector<std::int32_t> slots(static_cast<std::size_t>(batch.size()));
    std::iota(slots.begin(), slots.end(), 0);
    // In random order about k·(growth − 1) rows of a pass are candidates, √(k·growth²) more or less: they fit. In the
    // first pass all are.
    const std::int64_t growth = std::clamp<std::int64_t>(1 + QueryBatch::capacity(k) / (4 * k), 3, 16);
    std::int64_t end = 0;
    for (std::int64_t begin = 0; begin < rows_.rows(); begin = end) {
      end = std::min(rows_.rows(), begin == 0 ? round_up(2 * k, search::kTileRows) : begin * growth);
      visit(batch, slots, begin, end);
    }
  }

  /// Where scores ascend with the rows, or are all alike, more rows pass than fit. They fit in some piece that is small
  /// enough, at the latest in one as large as the capacity.
  void visit(QueryBatch& batch, const std::vector<std::int32_t>& slots, std::int64_t begin, std::int64_t end) const {
    const std::vector<std::int32_t> missed =
        batch.pass(items(static_cast<std::int64_t>(slots.size()), begin, end), slots, slots);
    if (missed.empty())
      return;
    const std::int64_t middle = begin + round_up((end - begin) / 2, search::kTileRows);
    visit(batch, missed, begin, middle);
    visit(batch, missed, middle, end);
  }

  /// Tiles of slots × ranges of rows; blocks that run at the same time share their rows.
  std::vector<ScanItem> items(std::int64_t slots, std::int64_t begin, std::int64_t end) const {
    const std::int64_t width = slots <= kNarrowQueries ? QueryBatch::kNarrow : QueryBatch::kWide;
    const std::int64_t tiles = (slots + width - 1) / width;
    const std::int64_t ranges =
        std::max<std::int64_t>(1, context_.multiprocessors() * kBlocksPerMultiprocessor / tiles);
    const std::int64_t rows = round_up((end - begin + ranges - 1) / ranges, search::kTileRows);
    std::vector<ScanItem> items;
    for (std::int64_t row = begin; row < end; row += rows)
      for (std::int64_t slot = 0; slot < slots; slot += width)
        items.push_back({static_cast<std::int32_t>(slot), static_cast<std::int32_t>(std::min(width, slots - slot)), row,
                         std::min(end, row + rows)});
    return items;
  }

  CudaContext context_;
  StoredRows rows_;
  mutable std::mutex mutex_;
};

}  // namespace

std::unique_ptr<FlatSearch> make_flat_search(int device, MatrixView<const float> vectors, segue::search::Metric metric,
                                             bool unit_length) {
  return std::make_unique<FlatSearchOnDevice>(device, vectors, metric,
                                              unit_length ? StoredRows::Form::stored : StoredRows::Form::raw);
}

}  // namespace segue::cuda
