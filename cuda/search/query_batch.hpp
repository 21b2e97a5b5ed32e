// A batch of queries on the device, and the best rows they have met so far.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cuda/core/context.hpp"
#include "cuda/core/device_buffer.hpp"
#include "cuda/search/scan_kernel.cuh"
#include "cuda/search/select_kernel.cuh"
#include "cuda/search/stored_rows.hpp"
#include "segue/core/matrix.hpp"

namespace segue::cuda::search {

/// A query of a batch is a slot, 0 ≤ slot < queries. Its best k rows are found in passes: each scans some rows for some
/// slots, scores what can be among the best, and so raises what the next pass compares with. A slot meets no row twice.
class QueryBatch {
 public:
  enum class Order {
    ascending,  ///< a slot meets rows in ascending order of ids: rows that equal its k-th best are passed over
    any,
  };
  struct Options {
    int k = 10;
    Order order = Order::any;
    data::CsrView exclude;                        ///< of all queries of the call; 0 rows: none
    std::int64_t first_query = 0;                 ///< of the batch, in `exclude`
    const std::uint64_t* device_allow = nullptr;  ///< device memory; nullptr: all
  };

  /// Rows that a pass can find for a slot, a multiple of kTileRows. No more than that many rows always fit.
  static std::int64_t capacity(int k);
  /// What a query takes of device memory.
  static std::int64_t bytes_per_query(const StoredRows& rows, int k);
  /// Queries that a batch may have, at least one.
  /// @throws OutOfMemory  not even one fits beside the index: both numbers
  static std::int64_t queries_at_once(const CudaContext& context, const StoredRows& rows, int k);

  /// @param rows     must outlive the batch
  /// @param queries  [queries × rank], host
  QueryBatch(const CudaContext& context, const StoredRows& rows, MatrixView<const float> queries,
             const Options& options);

  std::int64_t size() const { return queries_; }

  /// Scans, then scores and selects. An item of at most kNarrow slots should cost about a quarter of a wider one: by
  /// the shared memory that its warps read, not measured.
  /// @param items       each of at most kWide slots, named by their places in `item_slots`; no slot twice for a row
  /// @param item_slots  as many as the items name
  /// @param slots       every slot of `item_slots`, once
  /// @returns those of `slots` that found more rows than fit: they have taken none, and repeat the pass on fewer rows
  std::vector<std::int32_t> pass(std::span<const ScanItem> items, std::span<const std::int32_t> item_slots,
                                 std::span<const std::int32_t> slots);
  static constexpr int kNarrow = 32, kWide = 256;

  /// @param hits  [queries × k], written whole
  void finish(MatrixView<Hit> hits);

 private:
  template <int kQueries>
  void scan(std::span<const ScanItem> items, const DeviceBuffer<std::int32_t>& item_slots);

  const CudaContext& context_;
  const StoredRows& rows_;
  int k_;
  Order order_;
  std::int64_t queries_;
  std::int32_t capacity_;
  DeviceBuffer<float> vectors_;                               // [queries × stride]
  DeviceBuffer<__half> copies_;                               // [queries × stride]
  DeviceBuffer<Bound> bounds_;                                // [queries]
  DeviceBuffer<double> squares_;                              // [queries]
  DeviceBuffer<std::int32_t> pending_counts_, pending_rows_;  // [queries], [queries × capacity]
  DeviceBuffer<Key> keys_;                                    // [queries × k]
  DeviceBuffer<std::int32_t> counts_;                         // [queries]
  DeviceBuffer<std::int64_t> offsets_;                        // [queries + 1] of excluded_
  DeviceBuffer<std::int32_t> excluded_;
  const std::uint64_t* allow_;
};

}  // namespace segue::cuda::search
