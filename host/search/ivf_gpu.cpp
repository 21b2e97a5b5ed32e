#include "host/search/ivf_gpu.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "host/search/ivf_file.hpp"
#include "host/search/packing.hpp"
#include "segue/core/parallel.hpp"

namespace segue::search {
namespace {

constexpr std::int64_t kRowsATask = 2048;

/// The rows in the order of the lists, without gaps: where they lie on the device.
struct ListOrder {
  explicit ListOrder(const IvfParts& parts) {
    list_starts.push_back(0);
    for (std::int64_t list = 0; list < parts.lists(); ++list) {
      const auto rows = parts.list_rows(list);
      for (std::size_t i = 0; i < rows.size() && rows[i] >= 0; ++i) {
        ids.push_back(rows[i]);
        places.push_back(rows.data() - parts.row_at.data() + static_cast<std::int64_t>(i));
      }
      list_starts.push_back(static_cast<std::int64_t>(ids.size()));
    }
  }

  std::vector<std::int64_t> list_starts;
  std::vector<std::int32_t> ids;
  std::vector<std::int64_t> places;  // in the panels
};

template <class Copy>
Matrix<float> in_list_order(const ListOrder& order, std::int64_t rank, Copy copy) {
  Matrix<float> vectors(static_cast<std::int64_t>(order.ids.size()), rank);
  parallel_for(vectors.rows(), kRowsATask, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i)
      copy(i, vectors.row(i));
  });
  return vectors;
}

}  // namespace

GpuIvfIndex::GpuIvfIndex(Device device, MatrixView<const float> vectors, Metric metric, std::int64_t probes,
                         IvfLists lists)
    : lists_(std::move(lists)) {
  set_parts(device, lists_.parts({metric, vectors.rows(), vectors.columns()}, probes));
  const ListOrder order(parts());
  const Matrix<float> ordered = in_list_order(order, rank(), [&](std::int64_t i, std::span<float> to) {
    std::ranges::copy(vectors.row(order.ids[static_cast<std::size_t>(i)]), to.begin());
  });
  engine_ = cuda::make_ivf_search(device.index, ordered.view(), order.ids, order.list_starts, metric,
                                  /*unit_length=*/false);
}

GpuIvfIndex::GpuIvfIndex(Device device, const IvfParts& mapped) {
  lists_.centroids = Matrix<float>(mapped.lists(), mapped.shape.rank);
  for (std::int64_t list = 0; list < mapped.lists(); ++list)
    std::ranges::copy(mapped.centroids.row(list), lists_.centroids.row(list).begin());
  lists_.panel_starts.assign(mapped.panel_starts.begin(), mapped.panel_starts.end());
  lists_.row_at.assign(mapped.row_at.begin(), mapped.row_at.end());
  set_parts(device, lists_.parts(mapped.shape, mapped.probes));
  const ListOrder order(parts());
  const Matrix<float> ordered = in_list_order(order, rank(), [&](std::int64_t i, std::span<float> to) {
    const std::int64_t place = order.places[static_cast<std::size_t>(i)];
    const float* from = mapped.panels.data() + place / kPanelRows * mapped.shape.panel_floats() + place % kPanelRows;
    for (std::size_t d = 0; d < to.size(); ++d)
      to[d] = from[d * kPanelRows];
  });
  engine_ = cuda::make_ivf_search(device.index, ordered.view(), order.ids, order.list_starts, metric(),
                                  /*unit_length=*/true);
}

void GpuIvfIndex::save(const std::filesystem::path& path) const {
  Matrix<float> vectors(rows(), rank());
  engine_->read(vectors.view());
  const ListOrder order(parts());
  std::vector<std::int32_t> ordered_at(parts().row_at.size(), -1);
  for (std::size_t i = 0; i < order.places.size(); ++i)
    ordered_at[static_cast<std::size_t>(order.places[i])] = static_cast<std::int32_t>(i);
  IndexShape as_they_are = parts().shape;
  if (metric() == Metric::cosine)
    as_they_are.metric = Metric::inner_product;  // they have unit length
  const AlignedVector<float> panels = pack_places(as_they_are, vectors.view(), ordered_at);
  IvfParts whole = parts();
  whole.panels = panels;
  write_ivf_index(path, whole);
}

void GpuIvfIndex::search_lists(MatrixView<const float> queries, MatrixView<const Hit> nearest, MatrixView<Hit> hits,
                               const SearchOptions& options) const {
  engine_->search(queries, nearest, hits, options);
}

}  // namespace segue::search
