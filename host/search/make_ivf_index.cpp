#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "host/search/ivf_cpu.hpp"
#include "host/search/ivf_file.hpp"
#include "host/search/ivf_gpu.hpp"
#include "host/search/ivf_lists.hpp"
#include "segue/core/memory_plan.hpp"
#include "segue/search/ivf.hpp"

namespace segue::search {

MemoryPlan ivf_plan(std::int64_t rows, std::int64_t rank, Metric metric, const IvfOptions& options) {
  constexpr std::int64_t kFloat = sizeof(float);
  const IndexShape shape{metric, rows, rank};
  const std::int64_t lists = list_count(options, rows);
  const std::int64_t places = rows + lists * kPanelRows;
  const std::int64_t sampled = std::min(rows, checked_product({std::min(rows, options.training_rows), lists}));
  MemoryPlan plan(fmt::format("ivf index of {} rows in {} lists", rows, lists));
  plan.add("vectors", checked_product({places, shape.depth(), kFloat}));
  plan.add("sample", checked_product({sampled, rank, kFloat}));
  plan.add("centroids", checked_product({3, lists, shape.depth(), kFloat}));
  plan.add("rows of lists", checked_product({4, places, kFloat}));
  return plan;
}

std::unique_ptr<IvfIndex> make_ivf_index(Device device, MatrixView<const float> vectors, Metric metric,
                                         const IvfOptions& options, Progress& progress) {
  const Device where = resolve(device).device;
  const IndexShape shape{metric, vectors.rows(), vectors.columns()};
  check_index_shape(shape);
  ivf_plan(shape.rows, shape.rank, metric, options)
      .require(available_memory_bytes(), "index fewer rows, or vectors of a lower rank");
  if (options.probes != 0)
    check_probes(options.probes, list_count(options, shape.rows));
  IvfLists lists = make_ivf_lists(where, vectors, metric, options, progress);
  const std::int64_t count = lists.centroids.rows();
  const std::int64_t probes =
      options.probes == 0 ? std::clamp<std::int64_t>(count / 16, 1, kMaxHits) : std::min(options.probes, count);
  if (where.kind == Device::Kind::cuda)
    return std::make_unique<GpuIvfIndex>(where, vectors, metric, probes, std::move(lists));
  return std::make_unique<CpuIvfIndex>(vectors, metric, probes, std::move(lists));
}

std::unique_ptr<IvfIndex> load_ivf_index(Device device, const std::filesystem::path& path) {
  const Device where = resolve(device).device;
  std::unique_ptr<CpuIvfIndex> mapped = read_ivf_index(path);
  if (where.kind == Device::Kind::cuda)
    return std::make_unique<GpuIvfIndex>(where, mapped->parts());
  return mapped;
}

}  // namespace segue::search
