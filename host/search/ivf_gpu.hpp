#pragma once

#include <filesystem>
#include <memory>

#include "cuda/search/ivf_search.hpp"
#include "host/search/ivf_index.hpp"
#include "host/search/ivf_lists.hpp"

namespace segue::search {

/// IVF-Flat on a GPU: vectors there, the lists of rows here.
class GpuIvfIndex : public ListIndex {
 public:
  GpuIvfIndex(Device device, MatrixView<const float> vectors, Metric metric, std::int64_t probes, IvfLists lists);
  /// With the vectors of a mapped index.
  GpuIvfIndex(Device device, const IvfParts& mapped);

  void save(const std::filesystem::path& path) const override;

 private:
  void search_lists(MatrixView<const float> queries, MatrixView<const Hit> nearest, MatrixView<Hit> hits,
                    const SearchOptions& options) const override;

  IvfLists lists_;
  std::unique_ptr<cuda::IvfSearch> engine_;
};

}  // namespace segue::search
