#pragma once

#include <filesystem>
#include <optional>

#include "host/search/ivf_index.hpp"
#include "host/search/ivf_lists.hpp"
#include "segue/core/aligned.hpp"
#include "segue/core/file.hpp"

namespace segue::search {

/// IVF-Flat on the CPU. Queries that look into the same lists are searched together, so that a list's panels pass once
/// for all of a block's: the kernel, the selection and the bits are those of CpuIndex.
class CpuIvfIndex : public ListIndex {
 public:
  CpuIvfIndex(MatrixView<const float> vectors, Metric metric, std::int64_t probes, IvfLists lists);
  /// @param parts  of the mapped file
  CpuIvfIndex(const IvfParts& parts, MappedFile file);

  void save(const std::filesystem::path& path) const override;

 private:
  void search_lists(MatrixView<const float> queries, MatrixView<const Hit> nearest, MatrixView<Hit> hits,
                    const SearchOptions& options) const override;

  IvfLists lists_;               // empty when mapped
  AlignedVector<float> packed_;  // empty when mapped
  std::optional<MappedFile> file_;
};

}  // namespace segue::search
