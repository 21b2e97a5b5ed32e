#include "segue/evaluate/evaluate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <limits>
#include <set>

#include "host/evaluate/held_out_ranks.hpp"
#include "host/evaluate/rank_kernel.hpp"
#include "segue/core/error.hpp"
#include "segue/core/parallel.hpp"

namespace segue::evaluate {
namespace {

constexpr std::int64_t kMostBlockUsers = 128;  // read the song panels from memory once
constexpr std::int64_t kLeastBlockUsers = 12;  // fill the registers
constexpr std::int64_t kChunkSongs = 512;      // scored, then counted: scores of a block stay in L2
constexpr float kNoCandidate = -std::numeric_limits<float>::infinity();

bool needs_all_ranks(const std::vector<Metric>& metrics) {
  return std::any_of(metrics.begin(), metrics.end(), [](const Metric& metric) {
    return metric.kind == MetricKind::mrr || metric.kind == MetricKind::auc;
  });
}

int longest_list(const std::vector<Metric>& metrics) {
  int longest = 1;
  for (const Metric& metric : metrics)
    longest = std::max(longest, metric.k);
  return longest;
}

void check_rows(const Split& split) {
  const data::CsrView held_out = split.held_out.view(), seen = split.seen.view();
  for (std::int64_t row = 0; row < held_out.rows; ++row) {
    if (held_out.row_size(row) == 0)
      throw InvalidArgument(
          fmt::format("evaluate: user {} of the split has no held-out song: leave the user out", row));
    const auto known = seen.row_indices(row);
    for (const std::int32_t song : held_out.row_indices(row))
      if (std::binary_search(known.begin(), known.end(), song))
        throw InvalidArgument(
            fmt::format("evaluate: song {} of user {} of the split is held out and seen in training", song, row));
  }
}

void check(const Scorer& scorer, const Split& split, const SongStatistics& songs, const std::vector<Metric>& metrics) {
  const data::Csr& held_out = split.held_out;
  if (metrics.empty())
    throw InvalidArgument("evaluate: no metrics were asked for");
  if (scorer.users() != held_out.rows || scorer.songs() != held_out.columns || songs.songs() != held_out.columns ||
      split.seen.rows != held_out.rows || split.seen.columns != held_out.columns)
    throw InvalidArgument(
        fmt::format("evaluate: {} × {} songs are held out, {} × {} seen, the model ranks {} × {}, and there are "
                    "statistics of {}: expected the same",
                    held_out.rows, held_out.columns, split.seen.rows, split.seen.columns, scorer.users(),
                    scorer.songs(), songs.songs()));
  for (const Metric& metric : metrics)
    if (metric.kind == MetricKind::diversity && songs.unit_vectors.rows() != held_out.columns)
      throw InvalidArgument("evaluate: diversity needs song vectors: give them to song_statistics()");
  check_rows(split);
}

/// Users [first, last) of the split, ranked by one thread.
class BlockRanking {
 public:
  BlockRanking(const Scorer& scorer, const Split& split, std::int64_t first, std::int64_t last, int k, bool all_ranks)
      : split_(split),
        first_(first),
        users_(last - first),
        songs_(split.held_out.columns),
        block_(scorer.block(first, users_)),
        best_(users_, k, {.rows = songs_}, std::nullopt),
        next_seen_(static_cast<std::size_t>(users_)) {
    std::vector<float> scores;
    for (std::int64_t user = 0; all_ranks && user < users_; ++user) {
      const auto songs = held_out(user);
      scores.resize(songs.size());
      block_->score(user, songs, scores);
      ranks_.emplace_back(songs, scores);
    }
  }

  /// @param scratch  [users × kChunkSongs]
  void run(MatrixView<float> scratch) {
    const std::int64_t padded = (songs_ + search::kPanelRows - 1) / search::kPanelRows * search::kPanelRows;
    for (std::int64_t first_song = 0; first_song < songs_; first_song += kChunkSongs) {
      const MatrixView<float> scores(scratch.data(), users_, std::min(kChunkSongs, padded - first_song),
                                     scratch.stride());
      block_->score(first_song, scores);
      for (std::int64_t user = 0; user < users_; ++user) {
        const std::span<float> row = scores.row(user);
        mask(user, first_song, row);
        const float largest = offer_best(row, user, first_song, best_);
        if (!ranks_.empty())
          ranks_[static_cast<std::size_t>(user)].count(row, first_song, largest);
      }
    }
  }

  /// The best candidates of a user, best first.
  std::vector<std::int32_t> top(std::int64_t user) {
    std::span<search::Key> keys = best_.best(user);
    std::sort(keys.begin(), keys.end(), std::greater<>());
    std::vector<std::int32_t> songs;
    for (const search::Key key : keys)
      if (const search::Hit hit = search::to_hit(key); hit.score != kNoCandidate)
        songs.push_back(hit.row);
    return songs;
  }
  std::vector<std::int64_t> ranks(std::int64_t user, std::span<const std::int32_t> top) const {
    if (!ranks_.empty())
      return ranks_[static_cast<std::size_t>(user)].ranks();
    const auto wanted = held_out(user);
    std::vector<std::int64_t> ranks;
    for (std::size_t place = 0; place < top.size(); ++place)
      if (std::binary_search(wanted.begin(), wanted.end(), top[place]))
        ranks.push_back(static_cast<std::int64_t>(place) + 1);
    return ranks;
  }
  double auc(std::int64_t user) const {
    return ranks_.empty()
               ? 0
               : ranks_[static_cast<std::size_t>(user)].auc(songs_ - split_.seen.view().row_size(first_ + user));
  }
  std::span<const std::int32_t> held_out(std::int64_t user) const {
    return split_.held_out.view().row_indices(first_ + user);
  }

 private:
  /// −∞ for what the user has seen, and beyond the last song.
  void mask(std::int64_t user, std::int64_t first_song, std::span<float> row) {
    const auto seen = split_.seen.view().row_indices(first_ + user);
    const std::int64_t end = first_song + static_cast<std::int64_t>(row.size());
    std::size_t& next = next_seen_[static_cast<std::size_t>(user)];
    for (; next < seen.size() && seen[next] < end; ++next)
      row[static_cast<std::size_t>(seen[next] - first_song)] = kNoCandidate;
    for (std::int64_t song = songs_; song < end; ++song)
      row[static_cast<std::size_t>(song - first_song)] = kNoCandidate;
  }

  const Split& split_;
  std::int64_t first_, users_, songs_;
  std::unique_ptr<Scorer::Block> block_;
  search::Candidates best_;
  std::vector<std::size_t> next_seen_;
  std::vector<HeldOutRanks> ranks_;
};

std::int64_t block_users(std::int64_t users) {
  const std::int64_t pieces = 4 * static_cast<std::int64_t>(thread_count());
  return std::clamp((users + pieces - 1) / pieces, kLeastBlockUsers, kMostBlockUsers);
}

void evaluate_users(const Scorer& scorer, const Split& split, const SongStatistics& songs, std::int64_t first,
                    std::int64_t last, MatrixView<float> scratch, Evaluation& result) {
  const std::vector<Metric>& metrics = result.metrics;
  const bool all_ranks = needs_all_ranks(metrics);
  BlockRanking ranking(scorer, split, first, last, longest_list(metrics), all_ranks);
  ranking.run(scratch);
  for (std::int64_t user = 0; user < last - first; ++user) {
    const std::vector<std::int32_t> top = ranking.top(user);
    const std::vector<std::int64_t> ranks = ranking.ranks(user, top);
    const UserRanking of_user{.top = top,
                              .ranks = ranks,
                              .held_out = static_cast<std::int64_t>(ranking.held_out(user).size()),
                              .auc = ranking.auc(user)};
    const std::span<double> values = result.per_user.row(first + user);
    std::transform(metrics.begin(), metrics.end(), values.begin(),
                   [&](const Metric& metric) { return metric_value(metric, of_user, songs); });
    std::copy(top.begin(), top.end(), result.lists.row(first + user).begin());
  }
}

void summarise(std::int64_t songs, Evaluation& result) {
  const std::int64_t users = result.per_user.rows();
  result.means.assign(result.metrics.size(), 0.0);
  for (std::int64_t user = 0; user < users; ++user)
    for (std::size_t m = 0; m < result.means.size(); ++m)
      result.means[m] += result.per_user.row(user)[m];
  for (double& mean : result.means)
    mean /= static_cast<double>(users);
  std::set<int> lengths;
  for (const Metric& metric : result.metrics)
    if (metric.k > 0)
      lengths.insert(metric.k);
  for (const int k : lengths)
    result.catalogue.push_back(catalogue_figures(result.lists.view(), songs, k));
}

}  // namespace

Evaluation evaluate(const Scorer& scorer, const Split& split, const SongStatistics& songs,
                    const std::vector<Metric>& metrics, Progress& progress) {
  const auto start = std::chrono::steady_clock::now();
  check(scorer, split, songs, metrics);
  const std::int64_t users = split.held_out.rows;
  Evaluation result;
  result.metrics = metrics;
  result.per_user = Matrix<double>(users, static_cast<std::int64_t>(metrics.size()));
  result.lists = Matrix<std::int32_t>(users, longest_list(metrics), -1);
  ProgressTask task(progress, "evaluate", users, "users");
  PerThread<Matrix<float>> scratch;
  parallel_for(users, block_users(users), [&](std::int64_t first, std::int64_t last) {
    Matrix<float>& scores = scratch.local();
    if (scores.rows() == 0)
      scores = Matrix<float>(kMostBlockUsers, kChunkSongs);
    evaluate_users(scorer, split, songs, first, last, scores.view(), result);
    task.advance(last - first);
  });
  summarise(split.held_out.columns, result);
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

double Evaluation::mean(const Metric& metric) const {
  const auto found = std::find(metrics.begin(), metrics.end(), metric);
  if (found == metrics.end())
    throw InvalidArgument(fmt::format("evaluation: {} was not asked for", to_string(metric)));
  return means[static_cast<std::size_t>(found - metrics.begin())];
}

std::vector<double> Evaluation::values(const Metric& metric) const {
  const auto found = std::find(metrics.begin(), metrics.end(), metric);
  if (found == metrics.end())
    throw InvalidArgument(fmt::format("evaluation: {} was not asked for", to_string(metric)));
  std::vector<double> values;
  for (std::int64_t user = 0; user < per_user.rows(); ++user)
    values.push_back(per_user(user, found - metrics.begin()));
  return values;
}

Consumption consumption(const Split& split, const SongStatistics& songs) {
  Consumption sums;
  for (std::int64_t row = 0; row < split.seen.rows; ++row) {
    const UserRanking seen{.top = split.seen.view().row_indices(row), .held_out = 1};
    const auto count = static_cast<int>(seen.top.size());
    sums.popularity += metric_value({MetricKind::popularity, count}, seen, songs);
    sums.long_tail += metric_value({MetricKind::long_tail, count}, seen, songs);
  }
  const auto users = static_cast<double>(split.seen.rows);
  return {.popularity = sums.popularity / users, .long_tail = sums.long_tail / users};
}

Matrix<float> evaluated_users(const Split& split, const als::Solver& solver) {
  const int rank = solver.options().rank;
  Matrix<float> vectors(static_cast<std::int64_t>(split.users.size()), rank);
  if (split.fold_in.rows > 0) {
    solver.fold_in_users(split.fold_in.view(), vectors.view());
    return vectors;
  }
  Matrix<float> all(split.train.strength.rows, rank);
  solver.copy_users(all.view());
  for (std::size_t i = 0; i < split.users.size(); ++i)
    std::ranges::copy(std::as_const(all).row(split.users[i]), vectors.row(static_cast<std::int64_t>(i)).begin());
  return vectors;
}

}  // namespace segue::evaluate
