#include "cuda/search/ivf_search.hpp"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "cuda/search/query_batch.hpp"
#include "cuda/search/stored_rows.hpp"

namespace segue::cuda {
namespace {

using search::QueryBatch;
using search::ScanItem;
using search::StoredRows;
using segue::search::Hit;
using segue::search::SearchOptions;

constexpr std::int64_t kItemRows = 2048;  // of longer lists, so that blocks end at about the same time
constexpr std::int64_t kGrowth = 2;       // rows of a pass per row seen before: some 2k of them are candidates

std::size_t at(std::int64_t i) {
  return static_cast<std::size_t>(i);
}

/// How far a query has come through its lists.
struct Walk {
  std::int64_t probe = 0;    // next list, by place in `nearest`
  std::int64_t row = 0;      // next row of that list
  std::int64_t seen = 0;     // rows
  std::int64_t at_once = 0;  // rows of the next pass, about
};

/// Rows [begin, end) of the index for one slot.
struct Stretch {
  std::int32_t slot;
  std::int64_t begin, end;
};

/// What a pass scans: whole lists, each for all slots that have it in this pass, and parts of long lists.
class PassItems {
 public:
  explicit PassItems(std::span<const std::int64_t> list_starts) : starts_(list_starts) {}

  void add_list(std::int32_t slot, std::int64_t list) { lists_.push_back({slot, list}); }
  void add_part(const Stretch& part) { parts_.push_back(part); }

  /// Fills `items` and `slots`, which the items refer to.
  void group() {
    std::vector<std::int64_t> next(starts_.size());
    for (const auto& [slot, list] : lists_)
      ++next[at(list) + 1];
    std::partial_sum(next.begin(), next.end(), next.begin());
    slots.resize(lists_.size());
    const std::vector<std::int64_t> first = next;
    for (const auto& [slot, list] : lists_)
      slots[at(next[at(list)]++)] = slot;
    for (std::size_t list = 0; list + 1 < first.size(); ++list)
      add_items(first[list], first[list + 1], starts_[list], starts_[list + 1]);
    for (const Stretch& part : parts_) {
      slots.push_back(part.slot);
      const auto end = static_cast<std::int64_t>(slots.size());
      add_items(end - 1, end, part.begin, part.end);
    }
  }

  std::vector<ScanItem> items;
  std::vector<std::int32_t> slots;

 private:
  /// Slots [first, last) against rows [begin, end): as wide as is cheapest, blocks with the same rows beside each
  /// other.
  void add_items(std::int64_t first, std::int64_t last, std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; row += kItemRows) {
      std::int64_t width = 0;
      for (std::int64_t slot = first; slot < last; slot += width) {
        const bool is_wide = last - slot > QueryBatch::kWide - QueryBatch::kNarrow;
        width = std::min<std::int64_t>(last - slot, is_wide ? QueryBatch::kWide : QueryBatch::kNarrow);
        items.push_back(
            {static_cast<std::int32_t>(slot), static_cast<std::int32_t>(width), row, std::min(end, row + kItemRows)});
      }
    }
  }

  std::span<const std::int64_t> starts_;
  std::vector<std::pair<std::int32_t, std::int64_t>> lists_;  // slot, list
  std::vector<Stretch> parts_;
};

/// The lists of a batch of queries, in passes: nearest first, so that few rows of the others become candidates.
/// FLOPs:  2·stride for each row that a query meets, on the tensor cores, in tiles of 32 or 256 queries.
/// Bytes:  2·stride a row for each tile of queries that look into its list: 10,000 queries with 64 of 4,000 lists are
/// 160 a
///         list, 5 narrow tiles that run beside each other, so once from memory and 5 times from L2.
/// Host:   a pass names each query with each of its lists: 8 bytes up and some 10 ns, which with few probes is the
/// most.
class ListWalk {
 public:
  /// @param nearest  of the batch; 0 columns: all lists
  ListWalk(QueryBatch& batch, std::span<const std::int64_t> list_starts, MatrixView<const Hit> nearest, int k)
      : batch_(batch),
        starts_(list_starts),
        nearest_(nearest),
        capacity_(QueryBatch::capacity(k)),
        walks_(at(batch.size()), Walk{.at_once = capacity_}) {}

  void run() {
    std::vector<std::int32_t> slots(walks_.size());
    std::iota(slots.begin(), slots.end(), 0);
    while (true) {
      const std::vector<Walk> before = walks_;
      PassItems pass(starts_);
      std::erase_if(slots, [&](std::int32_t slot) { return !advance(slot, pass); });
      if (slots.empty())
        return;
      pass.group();
      const std::vector<std::int32_t> missed = batch_.pass(pass.items, pass.slots, slots);
      for (const std::int32_t slot : slots)
        walks_[at(slot)].at_once = std::max(capacity_, kGrowth * walks_[at(slot)].seen);
      for (const std::int32_t slot : missed) {  // at the latest, as many rows as always fit do
        const std::int64_t tried = walks_[at(slot)].seen - before[at(slot)].seen;
        walks_[at(slot)] = before[at(slot)];
        walks_[at(slot)].at_once = std::max(capacity_, tried / 2);
      }
    }
  }

 private:
  /// −1 after the last.
  std::int64_t list_of(std::int32_t slot, std::int64_t probe) const {
    if (nearest_.columns() == 0)
      return probe < static_cast<std::int64_t>(starts_.size()) - 1 ? probe : -1;
    return probe < nearest_.columns() ? nearest_(slot, probe).row : -1;
  }

  /// The slot's rows of the next pass: whole lists while they fit, or a part of one that is longer than that.
  /// @returns whether there are any
  bool advance(std::int32_t slot, PassItems& pass) {
    Walk& walk = walks_[at(slot)];
    std::int64_t left = walk.at_once;
    for (std::int64_t list = list_of(slot, walk.probe); list >= 0; list = list_of(slot, ++walk.probe)) {
      const std::int64_t begin = starts_[at(list)], end = starts_[at(list) + 1];
      const std::int64_t rows = end - begin - walk.row;
      if (rows > left && left < walk.at_once)
        break;
      const std::int64_t taken = std::min(rows, left);
      if (taken == end - begin)
        pass.add_list(slot, list);
      else
        pass.add_part({slot, begin + walk.row, begin + walk.row + taken});
      left -= taken;
      walk.row = taken < rows ? walk.row + taken : 0;
      if (taken < rows)
        break;
    }
    walk.seen += walk.at_once - left;
    return left < walk.at_once;
  }

  QueryBatch& batch_;
  std::span<const std::int64_t> starts_;
  MatrixView<const Hit> nearest_;
  std::int64_t capacity_;
  std::vector<Walk> walks_;  // by slot
};

class IvfSearchOnDevice : public IvfSearch {
 public:
  IvfSearchOnDevice(int device, MatrixView<const float> vectors, std::span<const std::int32_t> ids,
                    std::span<const std::int64_t> list_starts, segue::search::Metric metric, StoredRows::Form form)
      : context_(device),
        rows_(context_, vectors, metric, form, ids),
        list_starts_(list_starts.begin(), list_starts.end()) {}

  void search(MatrixView<const float> queries, MatrixView<const Hit> nearest, MatrixView<Hit> hits,
              const SearchOptions& options) const override {
    context_.use();
    const DeviceBuffer<std::uint64_t> allow(options.allow, context_.stream());
    const std::int64_t at_once = QueryBatch::queries_at_once(context_, rows_, options.k);
    for (std::int64_t first = 0; first < queries.rows(); first += at_once) {
      const std::int64_t end = std::min(queries.rows(), first + at_once);
      QueryBatch batch(
          context_, rows_, queries.row_range(first, end),
          {.k = options.k, .exclude = options.exclude, .first_query = first, .device_allow = allow.data()});
      ListWalk(batch, list_starts_, nearest.row_range(first, end), options.k).run();
      batch.finish(hits.row_range(first, end));
    }
  }

  void read(MatrixView<float> vectors) const override { rows_.read(context_, vectors); }

 private:
  CudaContext context_;
  StoredRows rows_;
  std::vector<std::int64_t> list_starts_;
};

}  // namespace

std::unique_ptr<IvfSearch> make_ivf_search(int device, MatrixView<const float> vectors,
                                           std::span<const std::int32_t> ids, std::span<const std::int64_t> list_starts,
                                           segue::search::Metric metric, bool unit_length) {
  return std::make_unique<IvfSearchOnDevice>(device, vectors, ids, list_starts, metric,
                                             unit_length ? StoredRows::Form::stored : StoredRows::Form::raw);
}

}  // namespace segue::cuda
