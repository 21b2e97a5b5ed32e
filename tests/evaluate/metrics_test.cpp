// Metrics against ranx, RecBole and scikit-learn (golden_metrics.hpp), and what is left of them by hand.
#include "segue/evaluate/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "segue/core/error.hpp"
#include "segue/evaluate/evaluate.hpp"
#include "tests/evaluate/golden_metrics.hpp"
#include "tests/evaluate/reference.hpp"

namespace segue::evaluate {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

template <class Function>
std::string message_of(Function function) {
  try {
    function();
  } catch (const InvalidArgument& error) {
    return error.what();
  }
  return "nothing was thrown";
}

Split golden_split() {
  std::vector<std::vector<std::int32_t>> held_out(golden::kUsers), seen(golden::kUsers);
  Split split;
  for (int user = 0; user < golden::kUsers; ++user) {
    split.users.push_back(user);
    for (int song = 0; song < golden::kSongs; ++song) {
      if (golden::kHeldOut[user][song])
        held_out[static_cast<std::size_t>(user)].push_back(song);
      if (golden::kSeen[user][song])
        seen[static_cast<std::size_t>(user)].push_back(song);
    }
  }
  split.held_out = testing::pattern(held_out, golden::kSongs);
  split.seen = testing::pattern(seen, golden::kSongs);
  split.train.plays = split.seen;
  split.train.plays.values.assign(split.seen.indices.size(), 1);
  return split;
}

/// @param step  scores are divided by it and rounded down: more than 1 makes ties
Evaluation evaluate_golden(const std::vector<Metric>& metrics, int step = 1) {
  const Split split = golden_split();
  Matrix<float> users(golden::kUsers, golden::kSongs), songs(golden::kSongs, golden::kSongs, 0.0f);
  for (int user = 0; user < golden::kUsers; ++user)
    for (int song = 0; song < golden::kSongs; ++song)
      users(user, song) = static_cast<float>(golden::kScores[user][song] / step);
  for (int song = 0; song < golden::kSongs; ++song)
    songs(song, song) = 1;
  const auto scorer = make_factor_scorer(std::as_const(users).view(), std::as_const(songs).view());
  return evaluate(*scorer, split, song_statistics(split.train.plays.view()), metrics, no_progress());
}

TEST(Metrics, AgreeWithOtherLibraries) {
  for (const golden::Values& golden : golden::kValues) {
    const Metric metric = parse_metric(golden.name.substr(golden.name.rfind(' ') + 1));
    const std::vector<double> ours = evaluate_golden({metric}).values(metric);
    for (int user = 0; user < golden::kUsers; ++user)
      EXPECT_NEAR(ours[static_cast<std::size_t>(user)], golden.values[user], 1e-9) << golden.name << ", user " << user;
  }
}

TEST(Metrics, CountTiesHalfInAucAsScikitLearnDoes) {
  const Metric auc = parse_metric("auc");
  const std::vector<double> ours = evaluate_golden({auc}, 4000).values(auc);
  for (int user = 0; user < golden::kUsers; ++user)
    EXPECT_NEAR(ours[static_cast<std::size_t>(user)], golden::kTiedAuc[user], 1e-12) << "user " << user;
}

TEST(Metrics, GiniAgreesWithRecBole) {
  const Evaluation evaluation = evaluate_golden({parse_metric("ndcg@10")});
  ASSERT_EQ(evaluation.catalogue.size(), 1u);
  EXPECT_NEAR(evaluation.catalogue[0].gini, golden::kGini10, 1e-12);
}

TEST(Metrics, DivideAsTheirDefinitionsSay) {
  const std::vector<std::int32_t> top{7, 3, 9};
  const std::vector<std::int64_t> ranks{1, 3, 8, 20};
  const UserRanking ranking{.top = top, .ranks = ranks, .held_out = 4, .auc = 0.75};
  const auto value = [&](std::string_view name) { return metric_value(parse_metric(name), ranking, {}); };
  EXPECT_DOUBLE_EQ(value("recall@3"), 2.0 / 4);
  EXPECT_DOUBLE_EQ(value("truncated-recall@3"), 2.0 / 3);
  EXPECT_DOUBLE_EQ(value("precision@10"), 3.0 / 10);
  EXPECT_DOUBLE_EQ(value("map@3"), (1 + 2.0 / 3) / 3);
  EXPECT_DOUBLE_EQ(value("ndcg@3"), (1 + 0.5) / (1 + 1 / std::log2(3) + 0.5));
  EXPECT_DOUBLE_EQ(value("mrr"), 1);
  EXPECT_DOUBLE_EQ(value("auc"), 0.75);
}

TEST(Metrics, NamesReadBack) {
  const int at[] = {10, 20};
  const std::vector<Metric> all = all_metrics(at);
  EXPECT_EQ(all.size(), 22u);
  for (const Metric& metric : all)
    EXPECT_EQ(parse_metric(to_string(metric)), metric);
  EXPECT_EQ(to_string({MetricKind::truncated_recall, 20}), "truncated-recall@20");
  EXPECT_EQ(to_string({MetricKind::auc, 0}), "auc");
}

TEST(Metrics, RefusesOtherNames) {
  EXPECT_THAT(message_of([] { parse_metric("ndgc@10"); }), HasSubstr("did you mean ndcg?"));
  EXPECT_THAT(message_of([] { parse_metric("ndcg"); }), HasSubstr("such as ndcg@10"));
  EXPECT_THAT(message_of([] { parse_metric("ndcg@x"); }), HasSubstr("such as ndcg@10"));
  EXPECT_THAT(message_of([] { parse_metric("ndcg@0"); }), HasSubstr("k is 0, expected 1 to 2048"));
  EXPECT_THAT(message_of([] { parse_metric("recall@2049"); }), HasSubstr("k is 2049"));
  EXPECT_THAT(message_of([] { parse_metric("mrr@10"); }), HasSubstr("whole ranking"));
  const int at[] = {0};
  EXPECT_THAT(message_of([&] { all_metrics(at); }), HasSubstr("k is 0"));
}

// Listeners of songs 0 to 5: 6, 2, 1, 1, 0, 0 of 6 users; user 6 streams nothing and one skips song 4.
data::Csr six_songs() {
  data::Csr plays = testing::pattern({{0, 1, 2}, {0, 1, 3}, {0, 4}, {0}, {0}, {0}, {}}, 6);
  plays.values = {3, 1, 1, 1, 1, 1, 2, 0, 1, 1, 1};
  return plays;
}

TEST(SongStatistics, ListenersPercentilesTailAndInformation) {
  const SongStatistics songs = song_statistics(six_songs().view());
  EXPECT_THAT(songs.listeners, ElementsAre(6, 2, 1, 1, 0, 0));
  EXPECT_THAT(songs.percentile, ElementsAre(5.5 / 6, 4.5 / 6, 3.0 / 6, 3.0 / 6, 1.0 / 6, 1.0 / 6));
  // 80% of 10 pairs are 8: songs 0 and 1 are the head.
  EXPECT_THAT(songs.in_tail, ElementsAre(false, false, true, true, true, true));
  EXPECT_THAT(songs.self_information,
              ElementsAre(0, std::log2(3), std::log2(6), std::log2(6), std::log2(6), std::log2(6)));
}

TEST(SongStatistics, SongsAsPopularAsOneOfTheHeadAreHead) {
  data::Csr plays = testing::pattern({{0, 1, 2}, {0, 1, 2}}, 4);
  plays.values.assign(6, 1);
  EXPECT_THAT(song_statistics(plays.view()).in_tail, ElementsAre(false, false, false, true));
}

TEST(SongStatistics, RefusesVectorsOfOtherSongs) {
  const Matrix<float> vectors(5, 3, 1.0f);
  EXPECT_THAT(message_of([&] { song_statistics(six_songs().view(), vectors.view()); }),
              HasSubstr("5 song vectors, expected one for each of 6 songs"));
}

TEST(CatalogueFigures, CoverageAndGini) {
  Matrix<std::int32_t> lists(2, 3, -1);
  lists(0, 0) = 4, lists(0, 1) = 1, lists(0, 2) = 0;
  lists(1, 0) = 4;
  const MatrixView<const std::int32_t> view = std::as_const(lists).view();
  const CatalogueFigures one = catalogue_figures(view, 5, 1);
  EXPECT_DOUBLE_EQ(one.coverage, 1.0 / 5);
  EXPECT_DOUBLE_EQ(one.gini, 4.0 / 5);  // one song of five has everything
  const CatalogueFigures three = catalogue_figures(view, 5, 3);
  EXPECT_DOUBLE_EQ(three.coverage, 3.0 / 5);
  EXPECT_DOUBLE_EQ(three.gini, (0 * 1 + 2 * 1 + 4 * 2) / (5.0 * 4));
  EXPECT_DOUBLE_EQ(catalogue_figures(view, 5, 100).gini, three.gini);
  EXPECT_EQ(catalogue_figures({}, 5, 10).coverage, 0);
}

}  // namespace
}  // namespace segue::evaluate
