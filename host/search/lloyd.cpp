#include "host/search/lloyd.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <utility>

#include "segue/core/parallel.hpp"

namespace segue::search {
namespace {

std::size_t at(std::int64_t i) {
  return static_cast<std::size_t>(i);
}

}  // namespace

Assignment::Assignment(std::int64_t rows, std::int64_t clusters) : hits_(rows, 1, Hit::none()), sizes_(at(clusters)) {}

std::int64_t Assignment::update(Device device, Metric metric, const Matrix<float>& rows,
                                const Matrix<float>& centroids) {
  Matrix<Hit> before = std::exchange(hits_, Matrix<Hit>(rows.rows(), 1));
  make_index(device, centroids.view(), metric)->search(rows.view(), hits_.view(), {.k = 1});
  std::ranges::fill(sizes_, 0);
  for (std::int64_t row = 0; row < rows.rows(); ++row)
    ++sizes_[at(cluster(row))];
  fill_empty_clusters();
  std::int64_t moved = 0;
  for (std::int64_t row = 0; row < rows.rows(); ++row)
    moved += before(row, 0).row != cluster(row) ? 1 : 0;
  return moved;
}

std::vector<std::int64_t> Assignment::members(std::vector<std::int64_t>& starts) const {
  starts.assign(sizes_.size() + 1, 0);
  std::inclusive_scan(sizes_.begin(), sizes_.end(), starts.begin() + 1);
  std::vector<std::int64_t> next(starts.begin(), starts.end() - 1);
  std::vector<std::int64_t> members(at(hits_.rows()));
  for (std::int64_t row = 0; row < hits_.rows(); ++row)
    members[at(next[at(cluster(row))]++)] = row;
  return members;
}

void Assignment::fill_empty_clusters() {
  if (std::ranges::find(sizes_, 0) == sizes_.end())
    return;
  std::vector<std::int64_t> farthest(at(hits_.rows()));
  std::iota(farthest.begin(), farthest.end(), 0);
  std::ranges::stable_sort(farthest, {}, [&](std::int64_t row) { return hits_(row, 0).score; });
  auto next = farthest.begin();
  for (std::size_t empty = 0; empty < sizes_.size(); ++empty) {
    if (sizes_[empty] > 0)
      continue;
    next = std::find_if(next, farthest.end(), [&](std::int64_t row) { return sizes_[at(cluster(row))] > 1; });
    --sizes_[at(cluster(*next))];
    hits_(*next++, 0).row = static_cast<std::int32_t>(empty);
    sizes_[empty] = 1;
  }
}

void update_centroids(Metric metric, const Matrix<float>& rows, const Assignment& assignment,
                      Matrix<float>& centroids) {
  std::vector<std::int64_t> starts;
  const std::vector<std::int64_t> members = assignment.members(starts);
  parallel_tasks(centroids.rows(), [&](std::int64_t cluster) {
    const std::int64_t begin = starts[at(cluster)], end = starts[at(cluster) + 1];
    std::vector<double> sum(at(rows.columns()));
    for (std::int64_t i = begin; i < end; ++i)
      std::ranges::transform(sum, rows.row(members[at(i)]), sum.begin(), std::plus<>());
    const double length = metric == Metric::l2
                              ? static_cast<double>(end - begin)
                              : std::sqrt(std::inner_product(sum.begin(), sum.end(), sum.begin(), 0.0));
    if (length > 0)
      std::ranges::transform(sum, centroids.row(cluster).begin(),
                             [&](double x) { return static_cast<float>(x / length); });
  });
}

}  // namespace segue::search
