#include <algorithm>
#include <cmath>
#include <numeric>

#include "segue/evaluate/tune_report.hpp"

namespace segue::evaluate {
namespace {

constexpr int kFifths = 5;

/// Ranks from 0, equal values sharing their mean; NaN lowest.
std::vector<double> ranks_of(const std::vector<double>& values) {
  const auto key = [&](std::size_t i) { return std::isnan(values[i]) ? -INFINITY : values[i]; };
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
  std::vector<double> ranks(values.size());
  for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    while (end < order.size() && key(order[end]) == key(order[begin]))
      ++end;
    for (std::size_t i = begin; i < end; ++i)
      ranks[order[i]] = static_cast<double>(begin + end - 1) / 2;
  }
  return ranks;
}

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double correlation_of(const std::vector<double>& a, const std::vector<double>& b) {
  const double mean_a = mean_of(a), mean_b = mean_of(b);
  double products = 0, squares_a = 0, squares_b = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    products += (a[i] - mean_a) * (b[i] - mean_b);
    squares_a += (a[i] - mean_a) * (a[i] - mean_a);
    squares_b += (b[i] - mean_b) * (b[i] - mean_b);
  }
  return squares_a > 0 && squares_b > 0 ? products / std::sqrt(squares_a * squares_b) : 0;
}

/// ε² = (SS_between − (groups − 1)·MS_within) / SS_total      Kelley (1935)
double explained_by(const std::vector<std::size_t>& group, const std::vector<double>& values) {
  const std::size_t most = *std::max_element(group.begin(), group.end()) + 1;
  std::vector<double> sums(most, 0), counts(most, 0);
  for (std::size_t i = 0; i < values.size(); ++i) {
    sums[group[i]] += values[i];
    counts[group[i]] += 1;
  }
  const double mean = mean_of(values);
  double total = 0, between = 0, groups = 0;
  for (const double value : values)
    total += (value - mean) * (value - mean);
  for (std::size_t g = 0; g < most; ++g)
    if (counts[g] > 0) {
      groups += 1;
      between += counts[g] * std::pow(sums[g] / counts[g] - mean, 2);
    }
  const double free = static_cast<double>(values.size()) - groups;
  return total > 0 && free > 0 ? (between - (groups - 1) * (total - between) / free) / total : 0;
}

/// Which fifth of the values each is in, or which choice it is.
std::vector<std::size_t> groups_of(const Parameter& parameter, const std::vector<double>& values) {
  std::vector<std::size_t> groups;
  const std::vector<double> ranks = ranks_of(values);
  for (std::size_t i = 0; i < values.size(); ++i)
    groups.push_back(parameter.choices.empty()
                         ? static_cast<std::size_t>(ranks[i] * kFifths / static_cast<double>(values.size()))
                         : static_cast<std::size_t>(values[i]));
  return groups;
}

}  // namespace

std::vector<Importance> importance(const Space& space, const std::vector<TrialRecord>& records, std::uint64_t seed,
                                   int first_rung) {
  std::vector<double> scores;
  std::vector<Assignment> values;
  for (const TrialRecord& record : records)
    if (record.trial > 0 && record.split == 0 && record.iterations == first_rung) {
      scores.push_back(record.score);
      values.push_back(draw_assignment(space, seed, record.trial));
    }
  if (scores.size() < 2)
    return {};
  const std::vector<double> ranks = ranks_of(scores);
  std::vector<Importance> items;
  for (std::size_t p = 0; p < space.size(); ++p) {
    if (space[p].choices.size() == 1)
      continue;
    std::vector<double> column;
    for (const Assignment& assignment : values)
      column.push_back(assignment[p]);
    items.push_back({space[p].key, explained_by(groups_of(space[p], column), ranks),
                     has_words(space[p]) ? 0 : correlation_of(ranks_of(column), ranks)});
  }
  std::stable_sort(items.begin(), items.end(),
                   [](const Importance& a, const Importance& b) { return a.explained > b.explained; });
  return items;
}

}  // namespace segue::evaluate
