#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "host/search/index_cpu.hpp"
#include "segue/search/ivf.hpp"

namespace segue::search {

/// What an inverted file consists of, in memory or mapped.
struct IvfParts {
  IndexShape shape;
  std::int64_t probes = 1;
  MatrixView<const float> centroids;  ///< [lists × rank]
  std::span<const std::int64_t>
      panel_starts;                      ///< [lists + 1]: list l has panels panel_starts[l] to panel_starts[l + 1]
  std::span<const std::int32_t> row_at;  ///< [panels · kPanelRows]: ascending in each list, then −1
  std::span<const float> panels;         ///< [panels][depth][kPanelRows], zero where row_at is −1

  std::int64_t lists() const { return centroids.rows(); }
  std::int64_t list_panels(std::int64_t list) const {
    return panel_starts[static_cast<std::size_t>(list) + 1] - panel_starts[static_cast<std::size_t>(list)];
  }
  std::span<const std::int32_t> list_rows(std::int64_t list) const {  // and −1 after them
    return row_at.subspan(static_cast<std::size_t>(panel_starts[static_cast<std::size_t>(list)] * kPanelRows),
                          static_cast<std::size_t>(list_panels(list) * kPanelRows));
  }
};

/// Lists that may be asked for.  @throws InvalidArgument
void check_probes(std::int64_t probes, std::int64_t lists);

/// What the devices have in common: all but the search in the lists.
class ListIndex : public IvfIndex {
 public:
  void search(MatrixView<const float> queries, MatrixView<Hit> hits, const SearchOptions& options) const override;
  std::int64_t rows() const override { return parts_.shape.rows; }
  std::int64_t rank() const override { return parts_.shape.rank; }
  Metric metric() const override { return parts_.shape.metric; }

  std::int64_t lists() const override { return parts_.lists(); }
  std::int64_t probes() const override { return parts_.probes; }
  void set_probes(std::int64_t probes) override;
  void nearest_lists(MatrixView<const float> queries, MatrixView<Hit> nearest) const override;
  std::vector<std::int32_t> list_of_rows() const override;

  const IvfParts& parts() const { return parts_; }

 protected:
  /// @param parts  of what the derived class owns
  void set_parts(Device device, const IvfParts& parts);

 private:
  /// @param nearest  [queries × probes], lists; 0 columns: all of them
  virtual void search_lists(MatrixView<const float> queries, MatrixView<const Hit> nearest, MatrixView<Hit> hits,
                            const SearchOptions& options) const = 0;

  IvfParts parts_;
  std::unique_ptr<Index> coarse_;  // of the centroids
};

}  // namespace segue::search
