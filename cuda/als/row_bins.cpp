#include "cuda/als/row_bins.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "segue/core/parallel.hpp"

namespace segue::cuda {
namespace {

std::int64_t round_up(std::int64_t value, std::int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

/// The sizes that decide where a row goes.
struct Plan {
  Plan(const CudaContext& context, const als::Options& options, const RowLimits& limits)
      : matrix(by_matrix(padded_rank(options.rank), options.gather_storage, context.shared_bytes_per_block())),
        room(batch_room(padded_rank(options.rank), options.gather_storage, context.shared_bytes_per_block())),
        slice(limits.slice > 0 ? limits.slice
              : matrix         ? 4096
                               : 1024),
        round(limits.round > 0 ? limits.round
              : matrix         ? 1024
                               : 16384) {
    if (limits.batch > 0)
      room.interactions = std::min(room.interactions, round_up(limits.batch, room.multiple));
  }

  bool in_batch(std::int64_t size) const { return round_up(size, room.multiple) <= room.interactions; }
  bool split(std::int64_t size) const { return !in_batch(size) && (!matrix || size > slice); }
  std::int64_t slice_of(std::int64_t size) const { return std::max(slice, (size + round - 1) / round); }
  std::int64_t slices_of(std::int64_t size) const { return (size + slice_of(size) - 1) / slice_of(size); }

  bool matrix;
  BatchRoom room;
  std::int64_t slice, round;
};

float largest_of(std::span<const float> values) {
  if (values.empty())
    return 1;
  constexpr std::int64_t kChunk = 1 << 16;
  const auto count = static_cast<std::int64_t>(values.size());
  std::vector<float> largest(static_cast<std::size_t>((count + kChunk - 1) / kChunk), 0.0f);
  parallel_for(count, kChunk, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i)
      largest[static_cast<std::size_t>(begin / kChunk)] =
          std::max(largest[static_cast<std::size_t>(begin / kChunk)], std::abs(values[static_cast<std::size_t>(i)]));
  });
  return *std::max_element(largest.begin(), largest.end());
}

/// Rows with interactions, the longest first, equals in their order.
std::vector<RowSpan> rows_by_size(std::span<const std::int64_t> offsets) {
  std::vector<RowSpan> rows;
  for (std::size_t row = 0; row + 1 < offsets.size(); ++row)
    if (offsets[row + 1] > offsets[row])
      rows.push_back({offsets[row] - offsets[0], static_cast<std::int32_t>(row),
                      static_cast<std::int32_t>(offsets[row + 1] - offsets[row])});
  std::stable_sort(rows.begin(), rows.end(), [](const RowSpan& a, const RowSpan& b) { return a.size > b.size; });
  return rows;
}

/// Batches of room.rows entries: long rows first, what room they leave filled with the shortest.
std::vector<RowSpan> pack_batches(std::span<const RowSpan> rows, const BatchRoom& room) {
  std::vector<RowSpan> batches;
  std::size_t front = 0, back = rows.size();
  while (front < back) {
    const std::size_t end = batches.size() + static_cast<std::size_t>(room.rows);
    std::int64_t left = room.interactions;
    const auto take = [&](const RowSpan& row) {
      const std::int64_t size = round_up(row.size, room.multiple);
      if (size > left || batches.size() == end)
        return false;
      left -= size;
      batches.push_back(row);
      return true;
    };
    while (front < back && take(rows[front]))
      ++front;
    while (front < back && take(rows[back - 1]))
      --back;
    batches.resize(end);
  }
  return batches;
}

}  // namespace

RowBins::RowBins(const CudaContext& context, std::span<const std::int64_t> offsets, std::span<const float> values,
                 const als::Options& options, const RowLimits& limits)
    : largest_strength_(largest_of(values)) {
  context.use();
  const Plan plan(context, options, limits);
  matrix_ = plan.matrix;
  const std::vector<RowSpan> rows = rows_by_size(offsets);
  const auto whole = std::find_if(rows.begin(), rows.end(), [&](const RowSpan& row) { return !plan.split(row.size); });
  const auto light = std::find_if(whole, rows.end(), [&](const RowSpan& row) { return plan.in_batch(row.size); });
  const std::vector<RowSpan> batches = pack_batches({light, rows.end()}, plan.room);

  std::vector<RowSpan> slices;
  std::vector<SplitRow> split_rows;
  for (auto row = rows.begin(); row != whole; ++row) {
    const std::int64_t count = plan.slices_of(row->size), length = plan.slice_of(row->size);
    if (rounds_.empty() || rounds_.back().slices + count > plan.round)
      rounds_.push_back({static_cast<std::int64_t>(split_rows.size()), 0, static_cast<std::int64_t>(slices.size()), 0});
    Round& round = rounds_.back();
    split_rows.push_back(
        {row->size, row->row, static_cast<std::int32_t>(round.slices), static_cast<std::int32_t>(count)});
    for (std::int64_t at = 0; at < row->size; at += length)
      slices.push_back({row->begin + at, static_cast<std::int32_t>(round.rows),
                        static_cast<std::int32_t>(std::min(length, row->size - at))});
    round.slices += count;
    ++round.rows;
  }
  std::int64_t most_slices = 0, most_rows = 0;
  for (const Round& round : rounds_) {
    most_slices = std::max(most_slices, round.slices);
    most_rows = std::max(most_rows, round.rows);
  }
  workspace_bytes_ = cg_workspace_bytes(padded_rank(options.rank), matrix_, most_slices, most_rows);

  batch_count_ = static_cast<std::int64_t>(batches.size()) / plan.room.rows;
  batches_ = DeviceBuffer<RowSpan>(std::span<const RowSpan>(batches), context.stream());
  whole_rows_ = DeviceBuffer<RowSpan>(std::span<const RowSpan>(whole, light), context.stream());
  slices_ = DeviceBuffer<RowSpan>(std::span<const RowSpan>(slices), context.stream());
  split_rows_ = DeviceBuffer<SplitRow>(std::span<const SplitRow>(split_rows), context.stream());
  context.synchronize();
}

std::int64_t RowBins::bytes() const {
  return static_cast<std::int64_t>(sizeof(RowSpan)) * (batches_.size() + whole_rows_.size() + slices_.size()) +
         static_cast<std::int64_t>(sizeof(SplitRow)) * split_rows_.size();
}

std::int64_t RowBins::workspace_bytes() const {
  return workspace_bytes_;
}

std::int64_t RowBins::most_bytes(const CudaContext& context, std::int64_t rows, std::int64_t interactions,
                                 const als::Options& options) {
  const Plan plan(context, options, {});
  // A batch that is not full of rows has no room for the next one, none of which is longer than what it has: it is more
  // than half full.
  const std::int64_t padded = interactions + rows * (plan.room.multiple - 1);
  const std::int64_t batches = std::min(rows, rows / plan.room.rows + 2 * padded / plan.room.interactions + 1);
  const std::int64_t longer = std::min(rows, interactions / (plan.room.interactions - plan.room.multiple + 1));
  const std::int64_t slices = longer + interactions / plan.slice;
  return static_cast<std::int64_t>(sizeof(RowSpan)) * (batches * plan.room.rows + longer + slices) +
         static_cast<std::int64_t>(sizeof(SplitRow)) * longer;
}

std::int64_t RowBins::most_workspace_bytes(const CudaContext& context, std::int64_t rows, std::int64_t interactions,
                                           const als::Options& options) {
  const Plan plan(context, options, {});
  const std::int64_t longest = plan.matrix ? plan.slice : plan.room.interactions - plan.room.multiple;
  const std::int64_t split = std::min({rows, interactions / (longest + 1), plan.round});
  return cg_workspace_bytes(padded_rank(options.rank), plan.matrix,
                            std::min(plan.round, split + interactions / plan.slice), split);
}

}  // namespace segue::cuda
