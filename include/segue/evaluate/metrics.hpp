#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "segue/core/matrix.hpp"
#include "segue/data/csr.hpp"

namespace segue::evaluate {

/// Metrics of one user's ranking of all candidates: every song but those the user streamed in training. H is the set of
/// held-out songs, r₁ < r₂ < … their ranks from 1 (ties by ascending row), hits@k the number of rᵢ ≤ k, L@k the first k
/// songs. A model's figure is the mean over users. Where sources differ, so do the names.
enum class MetricKind {
  recall,            ///< hits@k / |H|: RecBole, ranx
  truncated_recall,  ///< hits@k / min(k, |H|): "Recall@k" of Liang et al. (2018), which 1 can be reached in
  precision,         ///< hits@k / k, also where there are fewer than k candidates
  ndcg,  ///< Σ_{rᵢ≤k} 1/log₂(rᵢ+1) / Σ_{i≤min(k,|H|)} 1/log₂(i+1): Järvelin & Kekäläinen (2002), gain 1
  map,   ///< Σ_{rᵢ≤k} i/rᵢ / min(k, |H|): RecBole. ranx divides by |H|, the same where |H| ≤ k
  hit_rate,    ///< 1 where hits@k > 0
  mrr,         ///< 1/r₁ in the whole ranking
  auc,         ///< share of pairs of a held-out song and another candidate that are in order; a tie counts half.
               ///< Without other candidates: 1
  popularity,  ///< mean over L@k of the share of songs with fewer listeners in training, ties counted half
  long_tail,   ///< share of L@k outside the head: the songs with most listeners that together have 80% of all
               ///< pairs of training (Abdollahpouri, Burke & Mobasher 2019)
  novelty,     ///< mean over L@k of −log₂(listeners/users), bits: Zhou et al. (2010). Without listeners: as one
  diversity,   ///< 1 − mean cosine of the pairs in L@k: Ziegler et al. (2005); less than two songs: 0
};

struct Metric {
  MetricKind kind = MetricKind::ndcg;
  int k = 10;  ///< 1–2048; 0 for mrr and auc

  friend bool operator==(const Metric&, const Metric&) = default;
};

/// "ndcg@10", "auc", …
std::string to_string(const Metric& metric);
/// @throws InvalidArgument  an unknown name with the nearest one, a k out of range, a k where there is none
Metric parse_metric(std::string_view name);
/// Every kind at each k, and mrr and auc.
/// @throws InvalidArgument  a k out of range
std::vector<Metric> all_metrics(std::span<const int> at);

/// What metrics need to know of songs.
struct SongStatistics {
  std::vector<double> listeners;         ///< users who stream it in training
  std::vector<double> percentile;        ///< share of songs with fewer listeners, ties counted half, 0–1
  std::vector<double> self_information;  ///< −log₂(max(listeners, 1)/users that stream), bits
  std::vector<bool> in_tail;
  Matrix<float> unit_vectors;  ///< [songs × rank] for diversity, zero rows stay zero; 0 rows: not given

  std::int64_t songs() const { return static_cast<std::int64_t>(listeners.size()); }
};

/// @param plays    of training, users × songs: value > 0 is a stream
/// @param vectors  [songs × rank], to measure diversity by; those of one model for all models that are compared. 0
/// rows:
///                 none, diversity cannot be asked for
SongStatistics song_statistics(const data::CsrView& plays, MatrixView<const float> vectors = {});

/// What is known of one user's ranking.
struct UserRanking {
  std::span<const std::int32_t> top;  ///< candidates, best first; all of them where there are fewer than the largest k
  std::span<const std::int64_t> ranks;  ///< of the held-out songs, ascending, from 1; exact up to the largest k, and
                                        ///< beyond where mrr or auc is asked for
  std::int64_t held_out = 0;            ///< ≥ 1
  double auc = 0;
};

double metric_value(const Metric& metric, const UserRanking& ranking, const SongStatistics& songs);

/// What a model does to the catalogue as a whole, by the lists it gives to all users.
struct CatalogueFigures {
  int k = 0;
  double coverage = 0;  ///< share of songs that are in some list: Ge, Delgado-Battenfeld & Jannach (2010)
  double gini = 0;      ///< of how often songs are listed: 0 all alike, 1 all lists the same song
};

/// @param lists  [users × k or more], −1 where a list is shorter
CatalogueFigures catalogue_figures(MatrixView<const std::int32_t> lists, std::int64_t songs, int k);

}  // namespace segue::evaluate
