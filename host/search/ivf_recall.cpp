#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "host/search/index_cpu.hpp"
#include "segue/core/error.hpp"
#include "segue/search/ivf.hpp"

namespace segue::search {

std::vector<double> recall_by_probes(const IvfIndex& index, MatrixView<const float> queries, int k) {
  Matrix<Hit> hits(queries.rows(), k);
  index.search(queries, hits.view(), {.k = k, .probes = index.lists()});
  Matrix<Hit> nearest(queries.rows(), std::min<std::int64_t>(index.lists(), kMaxHits));
  index.nearest_lists(queries, nearest.view());
  const std::vector<std::int32_t> list_of_rows = index.list_of_rows();

  std::vector<double> found(static_cast<std::size_t>(nearest.columns()));
  double wanted = 0;
  std::vector<std::size_t> place(static_cast<std::size_t>(index.lists()));
  for (std::int64_t query = 0; query < queries.rows(); ++query) {
    std::ranges::fill(place, found.size());
    for (std::int64_t probe = 0; probe < nearest.columns() && nearest(query, probe).row >= 0; ++probe)
      place[static_cast<std::size_t>(nearest(query, probe).row)] = static_cast<std::size_t>(probe);
    for (const Hit& hit : hits.row(query)) {
      if (hit.row < 0)
        break;
      ++wanted;
      const std::size_t probe = place[static_cast<std::size_t>(list_of_rows[static_cast<std::size_t>(hit.row)])];
      if (probe < found.size())
        ++found[probe];
    }
  }
  std::partial_sum(found.begin(), found.end(), found.begin());
  for (double& recall : found)
    recall = wanted > 0 ? recall / wanted : 1;
  return found;
}

std::int64_t probes_for_recall(const IvfIndex& index, MatrixView<const float> queries, int k, double recall) {
  if (!(recall >= 0 && recall <= 1))
    throw InvalidArgument(fmt::format("ivf index: recall = {} is not in 0–1", recall));
  const std::vector<double> by_probes = recall_by_probes(index, queries, k);
  const auto enough = std::ranges::find_if(by_probes, [&](double reached) { return reached >= recall; });
  return enough == by_probes.end() ? index.lists() : enough - by_probes.begin() + 1;
}

}  // namespace segue::search
