#include "host/search/ivf_index.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "segue/core/error.hpp"

namespace segue::search {
namespace {

constexpr std::int64_t kNearestAtOnce = std::int64_t{4} << 20;  // lists of queries: 32 MiB

}  // namespace

void check_probes(std::int64_t probes, std::int64_t lists) {
  const std::int64_t most = std::min<std::int64_t>(lists, kMaxHits);
  if (probes >= 1 && (probes <= most || probes == lists))
    return;
  throw InvalidArgument(
      most == lists
          ? fmt::format("ivf index: probes = {} is not in 1–{}, the number of lists", probes, lists)
          : fmt::format("ivf index: probes = {} is not in 1–{}, nor {}, which is all lists", probes, most, lists));
}

void ListIndex::set_parts(Device device, const IvfParts& parts) {
  parts_ = parts;
  coarse_ = make_index(device, parts.centroids, parts.shape.metric);
}

void ListIndex::set_probes(std::int64_t probes) {
  check_probes(probes, lists());
  parts_.probes = probes;
}

void ListIndex::nearest_lists(MatrixView<const float> queries, MatrixView<Hit> nearest) const {
  coarse_->search(queries, nearest, {.k = static_cast<int>(nearest.columns())});
}

std::vector<std::int32_t> ListIndex::list_of_rows() const {
  std::vector<std::int32_t> lists(static_cast<std::size_t>(rows()));
  for (std::int64_t list = 0; list < parts_.lists(); ++list)
    for (const std::int32_t row : parts_.list_rows(list))
      if (row >= 0)
        lists[static_cast<std::size_t>(row)] = static_cast<std::int32_t>(list);
  return lists;
}

void ListIndex::search(MatrixView<const float> queries, MatrixView<Hit> hits, const SearchOptions& options) const {
  check_search(parts_.shape, queries, hits, options);
  const std::int64_t probes = options.probes == 0 ? parts_.probes : options.probes;
  check_probes(probes, lists());
  const std::int64_t at_once = std::max<std::int64_t>(kNearestAtOnce / probes, 1);
  for (std::int64_t begin = 0; begin < queries.rows(); begin += at_once) {
    const std::int64_t end = std::min(queries.rows(), begin + at_once);
    SearchOptions of_batch = options;
    if (options.exclude.rows > 0) {
      of_batch.exclude.rows = end - begin;
      of_batch.exclude.offsets =
          options.exclude.offsets.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin) + 1);
    }
    Matrix<Hit> nearest(end - begin, probes < lists() ? probes : 0);
    if (nearest.columns() > 0)
      nearest_lists(queries.row_range(begin, end), nearest.view());
    search_lists(queries.row_range(begin, end), std::as_const(nearest).view(), hits.row_range(begin, end), of_batch);
  }
}

}  // namespace segue::search
