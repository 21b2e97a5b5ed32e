#include "host/search/ivf_lists.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "host/search/lloyd.hpp"
#include "host/search/packing.hpp"
#include "host/search/scan_kernel.hpp"
#include "segue/core/error.hpp"
#include "segue/core/parallel.hpp"
#include "segue/core/random.hpp"

namespace segue::search {
namespace {

constexpr std::int64_t kChunk = 4096;
constexpr std::int64_t kAssignedAtOnce = std::int64_t{1} << 20;

std::size_t at(std::int64_t i) {
  return static_cast<std::size_t>(i);
}

/// `wanted` of the numbers below `count`, ascending, every set equally likely (Knuth, The Art of Computer Programming,
/// vol. 2, algorithm 3.4.2S).
std::vector<std::int64_t> sample(std::int64_t count, std::int64_t wanted, Random& random) {
  std::vector<std::int64_t> chosen;
  for (std::int64_t i = 0; i < count && static_cast<std::int64_t>(chosen.size()) < wanted; ++i) {
    const std::int64_t missing = wanted - static_cast<std::int64_t>(chosen.size());
    if (random.uniform() * static_cast<double>(count - i) < static_cast<double>(missing))
      chosen.push_back(i);
  }
  return chosen;
}

/// Rows that say where a list could be: finite and not zero, as songs are that nobody has heard.
std::vector<std::int32_t> rows_to_train_on(const std::vector<double>& norms) {
  std::vector<std::int32_t> rows;
  for (std::size_t row = 0; row < norms.size(); ++row)
    if (std::isfinite(norms[row]) && norms[row] > 0)
      rows.push_back(static_cast<std::int32_t>(row));
  return rows;
}

/// A sample of the rows, of unit length for cosine.
Matrix<float> training_sample(MatrixView<const float> vectors, Metric metric, std::int64_t wanted, Random& random) {
  std::vector<double> norms(at(vectors.rows()));
  parallel_for(vectors.rows(), kChunk, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row)
      norms[at(row)] = norm(vectors.row(row));
  });
  const std::vector<std::int32_t> rows = rows_to_train_on(norms);
  const auto chosen = sample(static_cast<std::int64_t>(rows.size()), wanted, random);
  Matrix<float> result(static_cast<std::int64_t>(chosen.size()), vectors.columns());
  parallel_for(result.rows(), kChunk, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int32_t row = rows[at(chosen[at(i)])];
      const double scale = metric == Metric::cosine ? 1 / norms[at(row)] : 1;
      std::ranges::transform(vectors.row(row), result.row(i).begin(),
                             [&](float x) { return static_cast<float>(x * scale); });
    }
  });
  return result;
}

Matrix<float> train(Device device, const Matrix<float>& rows, Metric metric, std::int64_t lists, int iterations,
                    Random& random, Progress& progress) {
  if (rows.rows() == 0)
    return Matrix<float>(1, rows.columns(), 0.0f);
  const std::vector<std::int64_t> seeds = sample(rows.rows(), lists, random);
  Matrix<float> centroids(static_cast<std::int64_t>(seeds.size()), rows.columns());
  for (std::int64_t list = 0; list < centroids.rows(); ++list)
    std::ranges::copy(rows.row(seeds[at(list)]), centroids.row(list).begin());

  const Metric unit_or_plain = metric == Metric::cosine ? Metric::inner_product : Metric::l2;
  Assignment assignment(rows.rows(), centroids.rows());
  ProgressTask task(progress, "index lists", iterations, "iterations");
  for (int iteration = 0; iteration < iterations; ++iteration) {
    const std::int64_t moved = assignment.update(device, unit_or_plain, rows, centroids);
    if (moved == 0)
      break;
    update_centroids(unit_or_plain, rows, assignment, centroids);
    task.note(fmt::format("{} rows moved", moved));
    task.advance(1);
  }
  return centroids;
}

std::vector<std::int32_t> nearest_centroids(Device device, MatrixView<const float> vectors, Metric metric,
                                            const Matrix<float>& centroids, Progress& progress) {
  const auto index = make_index(device, centroids.view(), metric == Metric::cosine ? metric : Metric::l2);
  std::vector<std::int32_t> nearest(at(vectors.rows()));
  ProgressTask task(progress, "rows to lists", vectors.rows(), "rows");
  for (std::int64_t begin = 0; begin < vectors.rows(); begin += kAssignedAtOnce) {
    const std::int64_t end = std::min(vectors.rows(), begin + kAssignedAtOnce);
    Matrix<Hit> hits(end - begin, 1);
    index->search(vectors.row_range(begin, end), hits.view(), {.k = 1});
    for (std::int64_t row = begin; row < end; ++row)
      nearest[at(row)] = std::max(hits(row - begin, 0).row, 0);
    task.advance(end - begin);
  }
  return nearest;
}

/// @param list_of_row  by row
void distribute(const std::vector<std::int32_t>& list_of_row, IvfLists& lists) {
  std::vector<std::int64_t> sizes(at(lists.centroids.rows()));
  for (const std::int32_t list : list_of_row)
    ++sizes[at(list)];
  std::vector<std::int64_t> next;  // place of each list
  lists.panel_starts.push_back(0);
  for (const std::int64_t size : sizes) {
    next.push_back(lists.panel_starts.back() * kPanelRows);
    lists.panel_starts.push_back(lists.panel_starts.back() + (size + kPanelRows - 1) / kPanelRows);
  }
  lists.row_at.assign(at(lists.panel_starts.back() * kPanelRows), -1);
  for (std::size_t row = 0; row < list_of_row.size(); ++row)
    lists.row_at[at(next[at(list_of_row[row])]++)] = static_cast<std::int32_t>(row);
}

}  // namespace

std::int64_t list_count(const IvfOptions& options, std::int64_t rows) {
  if (options.lists < 0)
    throw InvalidArgument(fmt::format("ivf index: lists = {} is negative (0: by the number of rows)", options.lists));
  if (options.training_rows < 1)
    throw InvalidArgument(fmt::format("ivf index: training_rows = {} is not 1 or more", options.training_rows));
  if (options.iterations < 1)
    throw InvalidArgument(fmt::format("ivf index: iterations = {} is not 1 or more", options.iterations));
  const auto automatic = std::min(static_cast<std::int64_t>(4 * std::sqrt(static_cast<double>(rows))), rows / 128);
  return std::clamp<std::int64_t>(options.lists == 0 ? automatic : options.lists, 1, std::max<std::int64_t>(rows, 1));
}

IvfLists make_ivf_lists(Device device, MatrixView<const float> vectors, Metric metric, const IvfOptions& options,
                        Progress& progress) {
  const std::int64_t wanted = list_count(options, vectors.rows());
  Random random(options.seed);
  const std::int64_t rows = vectors.rows() / options.training_rows < wanted ? vectors.rows()  // no overflow
                                                                            : wanted * options.training_rows;
  IvfLists lists;
  lists.centroids = train(device, training_sample(vectors, metric, rows, random), metric, wanted, options.iterations,
                          random, progress);
  distribute(nearest_centroids(device, vectors, metric, lists.centroids, progress), lists);
  return lists;
}

}  // namespace segue::search
