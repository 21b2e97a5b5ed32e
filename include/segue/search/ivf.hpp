#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "segue/core/device.hpp"
#include "segue/core/matrix.hpp"
#include "segue/core/memory_plan.hpp"
#include "segue/core/progress.hpp"
#include "segue/search/index.hpp"

namespace segue::search {

struct IvfOptions {
  std::int64_t lists = 0;           ///< 0: 4·√rows, at most rows / 128; never more than there are rows to train on
  std::int64_t probes = 0;          ///< lists that a search looks into, see IvfIndex::set_probes(); 0: lists / 16
  std::int64_t training_rows = 64;  ///< sampled for each list, 1 or more
  int iterations = 10;              ///< of k-means, at most
  std::uint64_t seed = 1;
};

/// Approximate top-k: the rows lie in lists, each round a centroid, and a search looks into the lists nearest to its
/// query only (inverted file: Sivic & Zisserman 2003; for vectors, without the product codes: Jégou, Douze & Schmid
/// 2011). What is found has exactly the score, and the order, that the exact index gives; what lies in other lists is
/// missed, so that fewer than k rows may be found, above all behind a filter. With probes = lists it is exact.
///
/// Which list: for cosine, the centroid nearest by cosine (spherical k-means), for rows and queries. For l2, the
/// nearest mean. For inner product, too, rows go to the nearest mean, and queries to the means with the greatest inner
/// product: lists then differ in length as well as in direction, and the long rows, which most queries want, are in few
/// lists. For ALS vectors of Last.fm songs (13,644, rank 128; top 20 of users) that took 4% of the rows to a recall of
/// 0.95; by direction alone 42%, and rows assigned by inner product 50%; the reduction to l2 of Bachrach et al. (2014)
/// 3.8%. That was a development check, which no script repeats.
///
/// Rows without a nearest centroid, such as NaN, are in the first list.
class IvfIndex : public Index {
 public:
  virtual std::int64_t lists() const = 0;
  /// Lists that a search looks into if its SearchOptions::probes is 0.
  virtual std::int64_t probes() const = 0;
  /// Not during a search.
  /// @param probes  1–2048 and at most lists(), or lists()
  /// @throws InvalidArgument
  virtual void set_probes(std::int64_t probes) = 0;

  /// The lists nearest to each query, best first, as a search looks into them: Hit::row is the list.
  /// @param nearest  [queries × 1–min(lists(), 2048)]
  /// @throws InvalidArgument
  virtual void nearest_lists(MatrixView<const float> queries, MatrixView<Hit> nearest) const = 0;
  /// The list of each row.
  virtual std::vector<std::int32_t> list_of_rows() const = 0;
};

/// What make_ivf_index() will hold at its peak, beside the vectors that it is given.
MemoryPlan ivf_plan(std::int64_t rows, std::int64_t rank, Metric metric, const IvfOptions& options);

/// The same rows, options and seed give the same index, whatever the device and the threads.
/// @param vectors  [rows × rank], row-major, host; copied. rows < 2³¹, rank 1–4096
/// @throws InvalidArgument;  OutOfMemory  with the plan;  DeviceUnavailable
std::unique_ptr<IvfIndex> make_ivf_index(Device device, MatrixView<const float> vectors, Metric metric,
                                         const IvfOptions& options, Progress& progress);

/// Maps a saved index, as load_index() does.
/// @throws IoError;  BadInput  another format or version, a truncated or damaged file;  DeviceUnavailable
std::unique_ptr<IvfIndex> load_ivf_index(Device device, const std::filesystem::path& path);

/// recall[p − 1]: the share of the exact hits of all queries, min(k, rows) each, that are found with p probes, for p up
/// to min(lists, 2048). Found by one search in all lists: a row is found if its list is looked into. A query without
/// hits, as one with NaN, does not count; 1 where no query has any.
/// @param queries  a sample such as will be asked, hundreds of them: for inner product users, not songs
std::vector<double> recall_by_probes(const IvfIndex& index, MatrixView<const float> queries, int k);

/// The fewest probes that reach that recall, as recall_by_probes() counts it; all lists if 2048 are too few.
/// @param recall  0–1
/// @throws InvalidArgument
std::int64_t probes_for_recall(const IvfIndex& index, MatrixView<const float> queries, int k, double recall);

}  // namespace segue::search
