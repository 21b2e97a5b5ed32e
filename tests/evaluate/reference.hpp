#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <vector>

#include "segue/core/random.hpp"
#include "segue/evaluate/evaluate.hpp"

namespace segue::evaluate::testing {

/// Rows of a pattern.
inline data::Csr pattern(const std::vector<std::vector<std::int32_t>>& rows, std::int64_t columns) {
  data::Csr matrix;
  matrix.rows = static_cast<std::int64_t>(rows.size());
  matrix.columns = columns;
  for (const auto& row : rows) {
    matrix.indices.insert(matrix.indices.end(), row.begin(), row.end());
    matrix.offsets.push_back(static_cast<std::int64_t>(matrix.indices.size()));
  }
  return matrix;
}

/// Disjoint random rows of held-out and seen songs; the training is what was seen, streamed once.
struct RandomSplit {
  RandomSplit(std::int64_t users, std::int64_t songs, std::int64_t most_held_out, std::int64_t most_seen,
              std::uint64_t seed) {
    for (std::int64_t user = 0; user < users; ++user) {
      Random random(seed, static_cast<std::uint64_t>(user));
      std::vector<std::int32_t> order(static_cast<std::size_t>(songs));
      std::iota(order.begin(), order.end(), 0);
      std::shuffle(order.begin(), order.end(), random);
      const auto wanted = 1 + random.below(static_cast<std::uint32_t>(std::min(most_held_out, songs)));
      const auto left = static_cast<std::uint32_t>(songs - wanted);
      const auto known = random.below(static_cast<std::uint32_t>(std::min<std::int64_t>(most_seen, left)) + 1);
      held_out.emplace_back(order.begin(), order.begin() + wanted);
      seen.emplace_back(order.begin() + wanted, order.begin() + wanted + known);
      std::sort(held_out.back().begin(), held_out.back().end());
      std::sort(seen.back().begin(), seen.back().end());
      split.users.push_back(static_cast<std::int32_t>(user));
    }
    split.held_out = pattern(held_out, songs);
    split.seen = pattern(seen, songs);
    split.train.plays = split.seen;
    split.train.plays.values.assign(split.train.plays.indices.size(), 1);
  }

  std::vector<std::vector<std::int32_t>> held_out, seen;
  Split split;
};

/// All that is known of a user's ranking, from the definitions: candidates sorted by score, ties by row.
struct ReferenceRanking {
  ReferenceRanking(const std::vector<double>& scores, const std::vector<std::int32_t>& held_out,
                   const std::vector<std::int32_t>& seen)
      : wanted(held_out.begin(), held_out.end()) {
    for (std::size_t song = 0; song < scores.size(); ++song)
      if (!std::binary_search(seen.begin(), seen.end(), static_cast<std::int32_t>(song)))
        order.push_back(static_cast<std::int32_t>(song));
    std::stable_sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) {
      return scores[static_cast<std::size_t>(a)] > scores[static_cast<std::size_t>(b)];
    });
    double pairs = 0, in_order = 0;
    for (const std::int32_t good : held_out)
      for (const std::int32_t other : order)
        if (!wanted.contains(other)) {
          const double a = scores[static_cast<std::size_t>(good)], b = scores[static_cast<std::size_t>(other)];
          pairs += 1;
          in_order += a > b ? 1 : a == b ? 0.5 : 0;
        }
    auc = pairs > 0 ? in_order / pairs : 1;
  }

  double value(const Metric& metric, const SongStatistics& songs) const {
    const auto k = static_cast<std::size_t>(metric.k);
    const std::size_t listed = std::min(k, order.size());
    double hits = 0, gain = 0, precisions = 0, first = 0, sum = 0;
    for (std::size_t place = 1; place <= order.size(); ++place)
      if (wanted.contains(order[place - 1])) {
        first = first == 0 ? 1 / static_cast<double>(place) : first;
        if (place <= k) {
          hits += 1;
          gain += 1 / std::log2(static_cast<double>(place) + 1);
          precisions += hits / static_cast<double>(place);
        }
      }
    const auto ideal = std::min(k, wanted.size());
    double best = 0;
    for (std::size_t place = 1; place <= ideal; ++place)
      best += 1 / std::log2(static_cast<double>(place) + 1);
    for (std::size_t i = 0; i < listed; ++i) {
      const auto song = static_cast<std::size_t>(order[i]);
      sum += metric.kind == MetricKind::popularity  ? songs.percentile[song]
             : metric.kind == MetricKind::long_tail ? static_cast<double>(songs.in_tail[song])
             : metric.kind == MetricKind::novelty   ? songs.self_information[song]
                                                    : 0.0;
    }
    switch (metric.kind) {
      case MetricKind::recall:
        return hits / static_cast<double>(wanted.size());
      case MetricKind::truncated_recall:
        return hits / static_cast<double>(ideal);
      case MetricKind::precision:
        return hits / static_cast<double>(k);
      case MetricKind::ndcg:
        return gain / best;
      case MetricKind::map:
        return precisions / static_cast<double>(ideal);
      case MetricKind::hit_rate:
        return hits > 0;
      case MetricKind::mrr:
        return first;
      case MetricKind::auc:
        return auc;
      case MetricKind::diversity:
        return diversity(listed, songs.unit_vectors);
      default:
        return listed > 0 ? sum / static_cast<double>(listed) : 0;
    }
  }

  double diversity(std::size_t listed, const Matrix<float>& units) const {
    double cosines = 0, pairs = 0;
    for (std::size_t i = 0; i < listed; ++i)
      for (std::size_t j = 0; j < i; ++j, pairs += 1)
        for (std::int64_t d = 0; d < units.columns(); ++d)
          cosines += static_cast<double>(units(order[i], d)) * static_cast<double>(units(order[j], d));
    return pairs > 0 ? 1 - cosines / pairs : 0;
  }

  std::set<std::int32_t> wanted;
  std::vector<std::int32_t> order;
  double auc = 0;
};

}  // namespace segue::evaluate::testing
