#include "host/search/ivf_cpu.hpp"

#include <algorithm>
#include <numeric>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "host/search/ivf_file.hpp"
#include "host/search/ivf_visits.hpp"
#include "host/search/packing.hpp"
#include "host/search/partial_hits.hpp"
#include "segue/core/parallel.hpp"

namespace segue::search {
namespace {

constexpr std::int64_t kBlockBytes = 16 << 20;  // scaled queries and candidates of a block
constexpr std::int64_t kMinBlockQueries = 16;
constexpr std::int64_t kGoodBlockQueries = 2048;  // share lists enough; then rather more blocks, which end together

/// How a batch is cut into tasks: blocks of queries × ranges of their visits. It changes no bit of the result.
struct Split {
  Split(std::int64_t queries, std::int64_t depth, int k) {
    const std::int64_t threads = thread_count();
    const std::int64_t query_bytes =
        depth * static_cast<std::int64_t>(sizeof(float)) + 2 * static_cast<std::int64_t>(sizeof(Key)) * k;
    const std::int64_t per_block = std::max(kMinBlockQueries, kBlockBytes / query_bytes);
    blocks = std::max({(queries + per_block - 1) / per_block,
                       std::clamp<std::int64_t>(queries / kMinBlockQueries, 1, threads),
                       std::min(queries / kGoodBlockQueries, 4 * threads)});
    if (blocks < threads)
      ranges = (threads + blocks - 1) / blocks;
  }

  std::int64_t blocks = 1;
  std::int64_t ranges = 1;
};

/// A block of queries in some of the lists that they look into.
class BlockSearch {
 public:
  /// @param block  rows of `queries`
  BlockSearch(const IvfParts& parts, MatrixView<const float> queries, std::span<const std::int32_t> block,
              const SearchOptions& options)
      : parts_(parts),
        scaled_(static_cast<std::int64_t>(block.size()), parts.shape.depth()),
        candidates_(scaled_.rows(), options.k,
                    {.exclude = options.exclude,
                     .allow = options.allow,
                     .rows = parts.shape.rows,
                     .row_at = parts.row_at,
                     .query_ids = block},
                    prepare(queries, block)) {}

  void run(const Visit& visit) {
    const Tiles tiles(static_cast<std::int64_t>(visit.queries.size()));
    tile_queries(scaled_.view(), visit.queries, tiles, packed_);
    candidates_.choose(visit.queries);
    scan({.panels = parts_.panels.data(),
          .depth = parts_.shape.depth(),
          .begin = parts_.panel_starts[static_cast<std::size_t>(visit.list)],
          .end = parts_.panel_starts[static_cast<std::size_t>(visit.list) + 1],
          .allow = {},
          .queries = packed_.data(),
          .tiles = tiles},
         candidates_);
  }

  std::span<Key> best(std::int64_t place) { return candidates_.best(place); }

 private:
  /// Fills scaled_. @returns what distances are measured with, for l2
  std::optional<Distances> prepare(MatrixView<const float> queries, std::span<const std::int32_t> block) {
    const IndexShape& shape = parts_.shape;
    for (std::int64_t place = 0; place < scaled_.rows(); ++place)
      scale_query(shape, queries.row(block[static_cast<std::size_t>(place)]), scaled_.row(place));
    if (shape.metric != Metric::l2)
      return std::nullopt;
    const MatrixView<const float> unscaled(scaled_.data(), scaled_.rows(), shape.rank, shape.depth());
    return Distances{.panels = parts_.panels.data(), .rank = shape.rank, .queries = unscaled};
  }

  const IvfParts& parts_;
  Matrix<float> scaled_;
  Candidates candidates_;
  AlignedVector<float> packed_;
};

/// Share `range` of `ranges`, about equal in work, of the visits.
void run_range(const IvfParts& parts, std::span<const Visit> visits, std::int64_t range, std::int64_t ranges,
               BlockSearch& search) {
  const auto work = [&](const Visit& visit) {
    return parts.list_panels(visit.list) * static_cast<std::int64_t>(visit.queries.size());
  };
  std::int64_t total = 1, before = 0;
  for (const Visit& visit : visits)
    total += work(visit);
  for (const Visit& visit : visits) {
    const std::int64_t panels = work(visit);
    if (panels > 0 && before * ranges / total == range)
      search.run(visit);
    before += panels;
  }
}

}  // namespace

CpuIvfIndex::CpuIvfIndex(MatrixView<const float> vectors, Metric metric, std::int64_t probes, IvfLists lists)
    : lists_(std::move(lists)) {
  const IndexShape shape{metric, vectors.rows(), vectors.columns()};
  packed_ = pack_places(shape, vectors, lists_.row_at);
  IvfParts parts = lists_.parts(shape, probes);
  parts.panels = packed_;
  set_parts(Device::cpu(), parts);
}

CpuIvfIndex::CpuIvfIndex(const IvfParts& parts, MappedFile file) : file_(std::move(file)) {
  set_parts(Device::cpu(), parts);
}

void CpuIvfIndex::save(const std::filesystem::path& path) const {
  write_ivf_index(path, parts());
}

void CpuIvfIndex::search_lists(MatrixView<const float> queries, MatrixView<const Hit> nearest, MatrixView<Hit> hits,
                               const SearchOptions& options) const {
  // Queries with the same nearest list share most of the others, too.
  std::vector<std::int32_t> order(static_cast<std::size_t>(queries.rows()));
  std::iota(order.begin(), order.end(), 0);
  if (nearest.columns() > 0)
    std::ranges::stable_sort(order, {}, [&](std::int32_t query) { return nearest(query, 0).row; });

  const Split split(queries.rows(), parts().shape.depth(), options.k);
  PartialHits partial(split.ranges > 1 ? queries.rows() : 0, split.ranges, options.k);
  parallel_tasks(split.blocks * split.ranges, [&](std::int64_t task) {
    const std::int64_t block = task / split.ranges;
    const std::int64_t range = task % split.ranges;
    const auto first = static_cast<std::size_t>(queries.rows() * block / split.blocks);
    const auto last = static_cast<std::size_t>(queries.rows() * (block + 1) / split.blocks);
    const std::span<const std::int32_t> members = std::span(order).subspan(first, last - first);
    const Visits visits(lists(), nearest, members);
    BlockSearch search(parts(), queries, members, options);
    run_range(parts(), visits.all(), range, split.ranges, search);
    for (std::size_t place = 0; place < members.size(); ++place) {
      const std::span<Key> best = search.best(static_cast<std::int64_t>(place));
      if (split.ranges == 1)
        write_hits(best, hits.row(members[place]));
      else
        partial.store(members[place], range, best);
    }
  });
  if (split.ranges > 1)
    parallel_tasks(queries.rows(), [&](std::int64_t query) { partial.merge(query, hits.row(query)); });
}

}  // namespace segue::search
