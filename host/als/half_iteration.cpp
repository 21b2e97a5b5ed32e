#include "host/als/half_iteration.hpp"

#include <algorithm>

namespace segue::als {
namespace {

constexpr std::int64_t kGroup = 8;
constexpr std::int64_t kStageBytes = 4 << 20;    // one row's vectors; L2 and a share of L3
constexpr std::int64_t kBatchBytes = 512 << 10;  // the vectors of a batch of rows: they stay in L2 between passes
constexpr std::int64_t kTaskRows = 64;
constexpr std::int64_t kTaskInteractions = 16384;

std::int64_t round_up(std::int64_t value, std::int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

std::int64_t batch_rows_for(std::int64_t padded_rank) {
  return round_up(kBatchBytes / (4 * padded_rank), kGroup);
}

std::int64_t stage_rows_for(const data::CsrView& interactions, std::int64_t padded_rank) {
  std::int64_t longest = 0;
  for (std::int64_t row = 0; row < interactions.rows; ++row)
    longest = std::max(longest, interactions.row_size(row));
  const std::int64_t most = round_up(kStageBytes / (4 * padded_rank), kGroup);
  return std::max(batch_rows_for(padded_rank), std::min(round_up(longest, kGroup), most));
}

}  // namespace

std::vector<RowRange> row_tasks(const data::CsrView& interactions) {
  std::vector<RowRange> tasks;
  const auto size = [&](RowRange range) {
    return interactions.offsets[static_cast<std::size_t>(range.end)] -
           interactions.offsets[static_cast<std::size_t>(range.begin)];
  };
  for (std::int64_t begin = 0; begin < interactions.rows;) {
    RowRange range{begin, begin + 1};
    while (range.end < interactions.rows && range.end - range.begin < kTaskRows &&
           size({range.begin, range.end + 1}) <= kTaskInteractions)
      ++range.end;
    if (size(range) > 0)
      tasks.push_back(range);
    begin = range.end;
  }
  std::stable_partition(tasks.begin(), tasks.end(), [&](RowRange range) { return size(range) > kTaskInteractions; });
  return tasks;
}

void CgScratch::reserve(const data::CsrView& interactions, std::int64_t padded_rank) {
  stage_rows = stage_rows_for(interactions, padded_rank);
  batch_rows = batch_rows_for(padded_rank);
  stage.resize(static_cast<std::size_t>((stage_rows + kGroup) * padded_rank));
  confidence.resize(static_cast<std::size_t>(stage_rows + kGroup));
  for (AlignedVector<float>* vectors : {&x, &r, &p, &q})
    vectors->assign(static_cast<std::size_t>(kBatchRows * padded_rank), 0.0f);
}

std::int64_t CgScratch::most_bytes(std::int64_t padded_rank) {
  const std::int64_t rows = round_up(kStageBytes / (4 * padded_rank), kGroup) + kGroup;
  return 4 * (rows * (padded_rank + 1) + 4 * kBatchRows * padded_rank);
}

}  // namespace segue::als
