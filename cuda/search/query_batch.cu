#include "cuda/search/query_batch.hpp"

#include <algorithm>
#include <bit>

#include "cuda/core/launch.hpp"
#include "cuda/search/prepare_kernel.cuh"
#include "segue/core/memory_plan.hpp"

namespace segue::cuda::search {
namespace {

constexpr unsigned kPrepareThreads = 64;
constexpr std::int64_t kMostQueries = 1 << 16;  // of a batch

}  // namespace

std::int64_t QueryBatch::capacity(int k) {
  return round_up(2 * static_cast<std::int64_t>(k) + 1024, kTileRows);
}

std::int64_t QueryBatch::bytes_per_query(const StoredRows& rows, int k) {
  const auto size = [](auto value) { return static_cast<std::int64_t>(sizeof(value)); };
  return rows.stride() * (size(float{}) + size(__half{})) + size(Bound{}) + size(double{}) +
         (capacity(k) + 4) * size(std::int32_t{}) + k * (size(Key{}) + size(Hit{}));
}

std::int64_t QueryBatch::queries_at_once(const CudaContext& context, const StoredRows& rows, int k) {
  const std::int64_t available = context.free_bytes() / 2, each = bytes_per_query(rows, k);
  MemoryPlan plan("search on " + context.name());
  plan.add("one query", each);
  plan.require(available, "lower k");
  return std::min(available / each, kMostQueries);
}

QueryBatch::QueryBatch(const CudaContext& context, const StoredRows& rows, MatrixView<const float> queries,
                       const Options& options)
    : context_(context),
      rows_(rows),
      k_(options.k),
      order_(options.order),
      queries_(queries.rows()),
      capacity_(static_cast<std::int32_t>(capacity(options.k))),
      allow_(options.device_allow) {
  const cudaStream_t stream = context.stream();
  vectors_ = DeviceBuffer<float>(queries_ * rows.stride(), stream);
  copies_ = DeviceBuffer<__half>(queries_ * rows.stride(), stream);
  bounds_ = DeviceBuffer<Bound>(queries_, stream);
  squares_ = DeviceBuffer<double>(queries_, stream);
  pending_counts_ = DeviceBuffer<std::int32_t>(queries_, stream);
  pending_rows_ = DeviceBuffer<std::int32_t>(queries_ * capacity_, stream);
  keys_ = DeviceBuffer<Key>(queries_ * k_, stream);
  counts_ = DeviceBuffer<std::int32_t>(queries_, stream);
  pending_counts_.fill_bytes(0);
  counts_.fill_bytes(0);
  vectors_.fill_bytes(0);
  SEGUE_CUDA_CHECK(cudaMemcpy2DAsync(vectors_.data(), static_cast<std::size_t>(rows.stride()) * sizeof(float),
                                     queries.data(), static_cast<std::size_t>(queries.stride()) * sizeof(float),
                                     static_cast<std::size_t>(queries.columns()) * sizeof(float),
                                     static_cast<std::size_t>(queries_), cudaMemcpyHostToDevice, stream));
  launch(rows.metric() == Metric::l2 ? prepare_queries_kernel<true> : prepare_queries_kernel<false>,
         Grid(static_cast<unsigned>((queries_ + kPrepareThreads - 1) / kPrepareThreads), kPrepareThreads), stream,
         QueriesToPrepare{.queries = queries_,
                          .stride = rows.stride(),
                          .vectors = vectors_.data(),
                          .copies = copies_.data(),
                          .bounds = bounds_.data(),
                          .squares = squares_.data(),
                          .to_unit_length = rows.metric() == Metric::cosine});
  if (options.exclude.rows > 0) {
    const auto first = static_cast<std::size_t>(options.first_query);
    const auto all = options.exclude.offsets.subspan(first, static_cast<std::size_t>(queries_) + 1);
    std::vector<std::int64_t> offsets(all.begin(), all.end());
    for (std::int64_t& offset : offsets)
      offset -= all.front();
    offsets_ = DeviceBuffer<std::int64_t>(offsets, stream);
    excluded_ = DeviceBuffer<std::int32_t>(options.exclude.indices.subspan(static_cast<std::size_t>(all.front()),
                                                                           static_cast<std::size_t>(offsets.back())),
                                           stream);
    context.synchronize();  // `offsets` goes
  }
}

template <int kQueries>
void QueryBatch::scan(std::span<const ScanItem> items, const DeviceBuffer<std::int32_t>& item_slots) {
  if (items.empty())
    return;
  const DeviceBuffer<ScanItem> device_items(items, context_.stream());
  const std::int64_t slabs = rows_.stride() / kSlab;
  const auto shared_bytes = [](std::int64_t query_slabs) { return ScanMemory<kQueries>(nullptr, query_slabs).bytes; };
  // A multiprocessor has registers for one block of wide items, or for several of narrow ones.
  const std::int64_t most_bytes = context_.shared_bytes_per_block() / (kQueries == kWide ? 1 : 4);
  const bool keeps_queries = slabs <= kStages || static_cast<std::int64_t>(shared_bytes(slabs)) <= most_bytes;
  launch(scan_kernel<kQueries>,
         Grid(static_cast<unsigned>(items.size()), kScanThreads, shared_bytes(keeps_queries ? slabs : kStages)),
         context_.stream(),
         Scan{.rows = rows_.view(),
              .items = device_items.data(),
              .slots = item_slots.data(),
              .queries = copies_.data(),
              .bounds = bounds_.data(),
              .filter = {.allow = allow_, .offsets = offsets_.data(), .excluded = excluded_.data()},
              .pending = {pending_counts_.data(), pending_rows_.data(), capacity_},
              .keeps_queries = keeps_queries});
}

std::vector<std::int32_t> QueryBatch::pass(std::span<const ScanItem> items, std::span<const std::int32_t> item_slots,
                                           std::span<const std::int32_t> slots) {
  const cudaStream_t stream = context_.stream();
  std::vector<ScanItem> ordered(items.begin(), items.end());
  const auto wide =
      std::stable_partition(ordered.begin(), ordered.end(), [](const ScanItem& item) { return item.count <= kNarrow; });
  const DeviceBuffer<std::int32_t> device_item_slots(item_slots, stream);
  scan<kNarrow>({ordered.begin(), wide}, device_item_slots);
  scan<kWide>({wide, ordered.end()}, device_item_slots);

  const DeviceBuffer<std::int32_t> device_slots(slots, stream);
  DeviceBuffer<std::uint8_t> device_missed(static_cast<std::int64_t>(slots.size()), stream);
  launch(rows_.metric() == Metric::l2 ? select_kernel<true> : select_kernel<false>,
         Grid(static_cast<unsigned>(slots.size()), kSelectThreads,
              SelectMemory(nullptr, rows_.stride(), k_, capacity_).bytes),
         stream,
         Selection{.rows = rows_.view(),
                   .slots = device_slots.data(),
                   .queries = vectors_.data(),
                   .squares = squares_.data(),
                   .bounds = bounds_.data(),
                   .pending = {pending_counts_.data(), pending_rows_.data(), capacity_},
                   .keys = keys_.data(),
                   .counts = counts_.data(),
                   .missed = device_missed.data(),
                   .k = k_,
                   .ascending = order_ == Order::ascending});
  std::vector<std::uint8_t> missed(slots.size());
  device_missed.copy_to(missed);
  context_.synchronize();
  std::vector<std::int32_t> repeat;
  for (std::size_t i = 0; i < slots.size(); ++i)
    if (missed[i] != 0)
      repeat.push_back(slots[i]);
  return repeat;
}

void QueryBatch::finish(MatrixView<Hit> hits) {
  const cudaStream_t stream = context_.stream();
  const auto padded = std::bit_ceil(static_cast<unsigned>(k_));
  DeviceBuffer<Hit> sorted(queries_ * k_, stream);
  launch(sort_hits_kernel<kSelectThreads>, Grid(static_cast<unsigned>(queries_), kSelectThreads, padded * sizeof(Key)),
         stream,
         Sorting{.keys = keys_.data(),
                 .counts = counts_.data(),
                 .hits = sorted.data(),
                 .k = k_,
                 .padded = static_cast<std::int32_t>(padded)});
  SEGUE_CUDA_CHECK(cudaMemcpy2DAsync(hits.data(), static_cast<std::size_t>(hits.stride()) * sizeof(Hit), sorted.data(),
                                     static_cast<std::size_t>(k_) * sizeof(Hit),
                                     static_cast<std::size_t>(k_) * sizeof(Hit), static_cast<std::size_t>(queries_),
                                     cudaMemcpyDeviceToHost, stream));
  context_.synchronize();
}

}  // namespace segue::cuda::search
