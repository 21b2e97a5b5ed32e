#include "segue/evaluate/metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "segue/core/error.hpp"
#include "segue/core/text.hpp"

namespace segue::evaluate {
namespace {

constexpr int kMostHits = 2048;

struct Name {
  MetricKind kind;
  std::string_view word;
  bool has_k = true;
};

constexpr Name kNames[] = {{MetricKind::recall, "recall"},
                           {MetricKind::truncated_recall, "truncated-recall"},
                           {MetricKind::precision, "precision"},
                           {MetricKind::ndcg, "ndcg"},
                           {MetricKind::map, "map"},
                           {MetricKind::hit_rate, "hit-rate"},
                           {MetricKind::popularity, "popularity"},
                           {MetricKind::long_tail, "long-tail"},
                           {MetricKind::novelty, "novelty"},
                           {MetricKind::diversity, "diversity"},
                           {MetricKind::mrr, "mrr", false},
                           {MetricKind::auc, "auc", false}};

const Name& name_of(MetricKind kind) {
  return *std::find_if(std::begin(kNames), std::end(kNames), [&](const Name& name) { return name.kind == kind; });
}

void check_k(std::int64_t k, std::string_view where) {
  if (k < 1 || k > kMostHits)
    throw InvalidArgument(fmt::format("metric {}: k is {}, expected 1 to {}", where, k, kMostHits));
}

double discount(std::int64_t rank) {
  return 1 / std::log2(static_cast<double>(rank) + 1);
}

/// Mean of `value` over the first k songs; 0 where there are none.
template <class Value>
double mean_over(std::span<const std::int32_t> songs, const Value& value) {
  double sum = 0;
  for (const std::int32_t song : songs)
    sum += value(static_cast<std::size_t>(song));
  return songs.empty() ? 0 : sum / static_cast<double>(songs.size());
}

// Σ over pairs i ≠ j of v̂ᵢ·v̂ⱼ = ‖Σ v̂ᵢ‖² − Σ‖v̂ᵢ‖²: k·rank FLOPs instead of k²·rank/2.
double diversity(std::span<const std::int32_t> songs, const Matrix<float>& unit_vectors) {
  if (songs.size() < 2)
    return 0;
  double square_of_sum = 0, sum_of_squares = 0;
  std::vector<double> sum(static_cast<std::size_t>(unit_vectors.columns()));
  for (const std::int32_t song : songs) {
    const std::span<const float> vector = unit_vectors.row(song);
    for (std::size_t d = 0; d < vector.size(); ++d) {
      sum[d] += static_cast<double>(vector[d]);
      sum_of_squares += static_cast<double>(vector[d]) * static_cast<double>(vector[d]);
    }
  }
  for (const double x : sum)
    square_of_sum += x * x;
  const auto n = static_cast<double>(songs.size());
  return 1 - (square_of_sum - sum_of_squares) / (n * (n - 1));
}

}  // namespace

std::string to_string(const Metric& metric) {
  const Name& name = name_of(metric.kind);
  return name.has_k ? fmt::format("{}@{}", name.word, metric.k) : std::string(name.word);
}

Metric parse_metric(std::string_view text) {
  const std::size_t at = text.find('@');
  const std::string_view word = text.substr(0, at);
  const auto name = std::find_if(std::begin(kNames), std::end(kNames), [&](const Name& n) { return n.word == word; });
  if (name == std::end(kNames)) {
    std::vector<std::string_view> words;
    for (const Name& known : kNames)
      words.push_back(known.word);
    const std::vector<std::string> near = nearest_words(word, words, 1);
    throw InvalidArgument(fmt::format(
        "metric {}: unknown; {}", quote_for_message(text),
        near.empty() ? fmt::format("there are {}", fmt::join(words, ", ")) : fmt::format("did you mean {}?", near[0])));
  }
  if (!name->has_k) {
    if (at != std::string_view::npos)
      throw InvalidArgument(
          fmt::format("metric {}: {} looks at the whole ranking: leave out @k", quote_for_message(text), name->word));
    return {name->kind, 0};
  }
  const std::string_view digits = at == std::string_view::npos ? "" : text.substr(at + 1);
  int k = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), k);
  if (error != std::errc() || end != digits.data() + digits.size())
    throw InvalidArgument(
        fmt::format("metric {}: a number of songs expected, such as {}@10", quote_for_message(text), name->word));
  check_k(k, name->word);
  return {name->kind, k};
}

std::vector<Metric> all_metrics(std::span<const int> at) {
  std::vector<Metric> metrics;
  for (const Name& name : kNames) {
    if (!name.has_k)
      metrics.push_back({name.kind, 0});
    else
      for (const int k : at) {
        check_k(k, name.word);
        metrics.push_back({name.kind, k});
      }
  }
  return metrics;
}

double metric_value(const Metric& metric, const UserRanking& ranking, const SongStatistics& songs) {
  const std::int64_t k = metric.k;
  const auto hits = std::upper_bound(ranking.ranks.begin(), ranking.ranks.end(), k) - ranking.ranks.begin();
  const std::int64_t ideal = std::min(k, ranking.held_out);
  const auto list = ranking.top.first(std::min(ranking.top.size(), static_cast<std::size_t>(k)));
  const auto share = [](std::int64_t part, std::int64_t whole) {
    return static_cast<double>(part) / static_cast<double>(whole);
  };
  switch (metric.kind) {
    case MetricKind::recall:
      return share(hits, ranking.held_out);
    case MetricKind::truncated_recall:
      return share(hits, ideal);
    case MetricKind::precision:
      return share(hits, k);
    case MetricKind::ndcg: {
      double gain = 0, best = 0;
      for (std::int64_t i = 0; i < hits; ++i)
        gain += discount(ranking.ranks[static_cast<std::size_t>(i)]);
      for (std::int64_t i = 1; i <= ideal; ++i)
        best += discount(i);
      return gain / best;
    }
    case MetricKind::map: {
      double sum = 0;
      for (std::int64_t i = 0; i < hits; ++i)
        sum += share(i + 1, ranking.ranks[static_cast<std::size_t>(i)]);
      return sum / static_cast<double>(ideal);
    }
    case MetricKind::hit_rate:
      return hits > 0 ? 1 : 0;
    case MetricKind::mrr:
      return share(1, ranking.ranks.front());
    case MetricKind::auc:
      return ranking.auc;
    case MetricKind::popularity:
      return mean_over(list, [&](std::size_t song) { return songs.percentile[song]; });
    case MetricKind::long_tail:
      return mean_over(list, [&](std::size_t song) { return songs.in_tail[song] ? 1.0 : 0.0; });
    case MetricKind::novelty:
      return mean_over(list, [&](std::size_t song) { return songs.self_information[song]; });
    case MetricKind::diversity:
      return diversity(list, songs.unit_vectors);
  }
  return 0;
}

CatalogueFigures catalogue_figures(MatrixView<const std::int32_t> lists, std::int64_t songs, int k) {
  std::vector<std::int64_t> listed(static_cast<std::size_t>(songs));
  for (std::int64_t user = 0; user < lists.rows(); ++user)
    for (const std::int32_t song :
         lists.row(user).first(static_cast<std::size_t>(std::min<std::int64_t>(k, lists.columns()))))
      if (song >= 0)
        ++listed[static_cast<std::size_t>(song)];
  std::sort(listed.begin(), listed.end());
  // Σᵢ (2i − n − 1)·xᵢ / (n·Σ xᵢ), x ascending, i from 1
  double weighted = 0, total = 0;
  for (std::int64_t i = 0; i < songs; ++i) {
    const auto count = static_cast<double>(listed[static_cast<std::size_t>(i)]);
    weighted += static_cast<double>(2 * (i + 1) - songs - 1) * count;
    total += count;
  }
  const std::int64_t covered = songs - (std::upper_bound(listed.begin(), listed.end(), 0) - listed.begin());
  return {.k = k,
          .coverage = songs > 0 ? static_cast<double>(covered) / static_cast<double>(songs) : 0,
          .gini = total > 0 ? weighted / (static_cast<double>(songs) * total) : 0};
}

}  // namespace segue::evaluate
