#include "host/search/index_cpu.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "host/search/index_file.hpp"
#include "host/search/packing.hpp"
#include "host/search/partial_hits.hpp"
#include "segue/core/error.hpp"
#include "segue/core/parallel.hpp"

namespace segue::search {
namespace {

constexpr std::int64_t kQueryBlockBytes = 256 << 10;  // stays in any L2: 512 queries of rank 128
constexpr std::int64_t kMinBlockQueries = 128;        // fewer, and reading the panels costs more than computing
constexpr std::int64_t kMinRangePanels = 64;

/// How one call is cut into tasks: blocks of queries × ranges of panels. It changes no bit of the result: a pair has
/// the same score in any task, and the best k under (score, row) are the same however they are found.
struct Split {
  Split(std::int64_t queries, const IndexShape& shape) {
    const std::int64_t threads = thread_count();
    const std::int64_t per_block =
        std::max<std::int64_t>(1, kQueryBlockBytes / (shape.depth() * static_cast<std::int64_t>(sizeof(float))));
    blocks = (queries + per_block - 1) / per_block;
    if (blocks < 4 * threads) {
      const std::int64_t even = (blocks + threads - 1) / threads * threads;
      blocks = std::clamp(queries / kMinBlockQueries, blocks, even);
    }
    if (blocks < threads)
      ranges = std::clamp<std::int64_t>((threads + blocks - 1) / blocks, 1,
                                        std::max<std::int64_t>(1, shape.panels() / kMinRangePanels));
  }

  std::int64_t blocks = 1;
  std::int64_t ranges = 1;
};

}  // namespace

void check_index_shape(const IndexShape& shape) {
  if (shape.rank < 1 || shape.rank > kMaxRank)
    throw InvalidArgument(fmt::format("search index: rank {} is not in 1–{}", shape.rank, kMaxRank));
  if (shape.rows > kMaxRows)
    throw InvalidArgument(fmt::format("search index: {} rows; at most {} fit", shape.rows, kMaxRows));
}

void check_search(const IndexShape& shape, MatrixView<const float> queries, MatrixView<Hit> hits,
                  const SearchOptions& options) {
  if (options.k < 1 || options.k > kMaxHits)
    throw InvalidArgument(fmt::format("search: k = {} is not in 1–{}", options.k, kMaxHits));
  if (queries.columns() != shape.rank)
    throw InvalidArgument(
        fmt::format("search: the queries have rank {}, the index has rank {}", queries.columns(), shape.rank));
  if (hits.rows() != queries.rows() || hits.columns() != options.k)
    throw InvalidArgument(fmt::format("search: hits is {} × {}; {} queries with k = {} need {} × {}", hits.rows(),
                                      hits.columns(), queries.rows(), options.k, queries.rows(), options.k));
  const data::CsrView& exclude = options.exclude;
  if (exclude.rows != 0 && (exclude.rows != queries.rows() || exclude.columns != shape.rows))
    throw InvalidArgument(fmt::format("search: exclude is {} × {}; {} queries of an index of {} rows need {} × {}",
                                      exclude.rows, exclude.columns, queries.rows(), shape.rows, queries.rows(),
                                      shape.rows));
  const auto words = static_cast<std::size_t>((shape.rows + 63) / 64);
  if (!options.allow.empty() && options.allow.size() != words)
    throw InvalidArgument(fmt::format("search: allow has {} words of 64 rows; an index of {} rows needs {}",
                                      options.allow.size(), shape.rows, words));
}

CpuIndex::CpuIndex(MatrixView<const float> vectors, Metric metric) : shape_{metric, vectors.rows(), vectors.columns()} {
  check_index_shape(shape_);
  packed_ = pack_rows(shape_, vectors);
  panels_ = packed_;
}

CpuIndex::CpuIndex(const IndexShape& shape, MappedFile file, std::size_t offset)
    : shape_(shape), file_(std::move(file)) {
  panels_ = {reinterpret_cast<const float*>(file_->bytes().data() + offset),
             static_cast<std::size_t>(shape.panels() * shape.panel_floats())};
}

void CpuIndex::save(const std::filesystem::path& path) const {
  write_index(path, shape_, panels_);
}

Candidates CpuIndex::scan_block(MatrixView<const float> queries, std::int64_t first_query, std::int64_t begin,
                                std::int64_t end, const SearchOptions& options) const {
  const Candidates::Limits limits{
      .first_query = first_query, .exclude = options.exclude, .allow = options.allow, .rows = rows()};
  const Distances distances{.panels = panels_.data(), .rank = rank(), .queries = queries};
  Candidates candidates(queries.rows(), options.k, limits,
                        shape_.metric == Metric::l2 ? std::optional(distances) : std::nullopt);
  const Tiles tiles(queries.rows());
  const AlignedVector<float> packed = pack_queries(shape_, queries, tiles);
  scan({.panels = panels_.data(),
        .depth = shape_.depth(),
        .begin = begin,
        .end = end,
        .allow = options.allow,
        .queries = packed.data(),
        .tiles = tiles},
       candidates);
  return candidates;
}

void CpuIndex::search(MatrixView<const float> queries, MatrixView<Hit> hits, const SearchOptions& options) const {
  check_search(shape_, queries, hits, options);
  if (queries.rows() == 0)
    return;
  const Split split(queries.rows(), shape_);
  PartialHits partial(split.ranges > 1 ? queries.rows() : 0, split.ranges, options.k);
  parallel_tasks(split.blocks * split.ranges, [&](std::int64_t task) {
    const std::int64_t block = task / split.ranges;
    const std::int64_t range = task % split.ranges;
    const std::int64_t first = queries.rows() * block / split.blocks;
    const std::int64_t last = queries.rows() * (block + 1) / split.blocks;
    Candidates candidates = scan_block(queries.row_range(first, last), first, shape_.panels() * range / split.ranges,
                                       shape_.panels() * (range + 1) / split.ranges, options);
    for (std::int64_t q = first; q < last; ++q) {
      if (split.ranges == 1)
        write_hits(candidates.best(q - first), hits.row(q));
      else
        partial.store(q, range, candidates.best(q - first));
    }
  });
  if (split.ranges > 1)
    parallel_tasks(queries.rows(), [&](std::int64_t q) { partial.merge(q, hits.row(q)); });
}

}  // namespace segue::search
