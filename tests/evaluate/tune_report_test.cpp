#include "segue/evaluate/tune_report.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "segue/core/random.hpp"

namespace segue::evaluate {
namespace {

using testing::HasSubstr;
using testing::Not;

/// 300 trials whose score peaks in the middle of `peak`, rises with `up`, and knows nothing of `idle`.
TuneReport report_for_tests() {
  TuneReport report;
  report.data = "sample";
  report.metric = "ndcg@10";
  report.split = "Two songs are held out.";
  report.space = {parse_parameter("als.peak=0..1"), parse_parameter("als.up=0.1..10:log"),
                  parse_parameter("als.idle=0..1"), parse_parameter("als.word=x,log"), parse_parameter("als.one=3")};
  report.base = {0.4, 1, 0.5, 0, 0};
  report.seed = 11;
  report.records.push_back({.trial = 0, .iterations = 15, .score = 0.3, .seconds = 1, .elapsed = 1});
  report.trials.push_back({.best = report.records[0], .splits = 1, .mean = 0.3});
  for (std::int64_t trial = 1; trial <= 300; ++trial) {
    const Assignment drawn = draw_assignment(report.space, report.seed, trial);
    const double score = 0.3 - std::pow(drawn[0] - 0.5, 2) + 0.02 * std::log(drawn[1]);
    report.records.push_back(
        {.trial = trial, .iterations = 5, .score = score, .seconds = 1, .elapsed = static_cast<double>(trial) + 1});
    if (trial % 9 == 0)
      report.records.push_back({.trial = trial,
                                .iterations = 15,
                                .score = score + 0.001,
                                .seconds = 1,
                                .elapsed = static_cast<double>(trial) + 1.5});
    report.trials.push_back({.best = report.records.back(), .splits = 1, .mean = report.records.back().score});
  }
  std::ranges::sort(report.trials, std::greater<>(), &RankedTrial::mean);
  report.best_toml = "[als]\nrank = 64\n";
  return report;
}

/// The third by the search's score is the best of the best four over eight splits.
TuneReport confirmed_report() {
  TuneReport report = report_for_tests();
  const double low = report.trials[3].mean - 0.05;
  for (std::size_t i = 0; i < 4; ++i) {
    report.trials[i].splits = 8;
    report.trials[i].mean = low - (i == 2 ? 0 : 0.01);
    for (int split = 1; split < 8; ++split)
      report.records.push_back({.trial = report.trials[i].best.trial,
                                .iterations = report.trials[i].best.iterations,
                                .split = split,
                                .score = 9,
                                .seconds = 1,
                                .elapsed = 400});
  }
  std::swap(report.trials[0], report.trials[2]);
  return report;
}

TEST(Importance, FindsWhatMattersHoweverItIsShaped) {
  const TuneReport report = report_for_tests();
  const std::vector<Importance> items = importance(report.space, report.records, report.seed, report.first_rung);
  ASSERT_EQ(items.size(), 4u) << "one choice is no choice";
  EXPECT_EQ(items[0].key, "als.peak");
  EXPECT_GT(items[0].explained, 0.5);
  EXPECT_LT(std::abs(items[0].correlation), 0.2) << "no trend: the best is in the middle";
  EXPECT_EQ(items[1].key, "als.up");
  EXPECT_GT(items[1].explained, 0.1);
  EXPECT_GT(items[1].correlation, 0.3);
  for (const std::size_t idle : {2u, 3u}) {
    EXPECT_LT(std::abs(items[idle].explained), 0.05) << items[idle].key;
    EXPECT_LT(std::abs(items[idle].correlation), 0.2);
  }
}

TEST(Importance, IsOfTheSearchAlone) {
  const TuneReport search = report_for_tests(), confirmed = confirmed_report();
  const auto want = importance(search.space, search.records, search.seed, search.first_rung);
  const auto got = importance(confirmed.space, confirmed.records, confirmed.seed, confirmed.first_rung);
  ASSERT_EQ(got.size(), want.size());
  for (std::size_t i = 0; i < got.size(); ++i)
    EXPECT_EQ(got[i].explained, want[i].explained);
}

// ε² by hand: groups {1, 2} and {3, 4} of ranks 0–3 have means 0.5 and 2.5, SS_between 4, SS_within 1, SS_total 5,
// MS_within 0.5: (4 − 0.5)/5.
TEST(Importance, IsEpsilonSquared) {
  const Space space{parse_parameter("c=1,2")};
  std::vector<TrialRecord> records;
  double low = 0.1, high = 0.3;
  std::vector<std::int64_t> left{0, 0};
  for (std::int64_t trial = 1; records.size() < 4; ++trial) {
    const auto choice = static_cast<std::size_t>(draw_assignment(space, 1, trial)[0]);
    if (left[choice]++ < 2)
      records.push_back({.trial = trial, .iterations = 5, .score = choice == 0 ? low += 0.01 : high += 0.01});
  }
  const Importance item = importance(space, records, 1, 5).at(0);
  EXPECT_NEAR(item.explained, 0.7, 1e-12);
  EXPECT_NEAR(item.correlation, 4 / std::sqrt(20.0), 1e-12);  // of ranks {.5, .5, 2.5, 2.5} with {0, 1, 2, 3}
}

TEST(Importance, OfTooFewTrialsIsNothing) {
  const TuneReport report = report_for_tests();
  EXPECT_TRUE(importance(report.space, {}, 1, 5).empty());
  EXPECT_TRUE(importance(report.space, {report.records[0]}, 1, 5).empty());
  std::vector<TrialRecord> equal;
  for (std::int64_t trial = 1; trial < 20; ++trial)
    equal.push_back({.trial = trial, .iterations = 5, .score = 0.5});
  for (const Importance& item : importance(report.space, equal, 1, 5)) {
    EXPECT_EQ(item.explained, 0);
    EXPECT_EQ(item.correlation, 0);
  }
}

TEST(TunePage, HoldsTheResult) {
  const TuneReport report = report_for_tests();
  const std::string page = tune_page(report);
  EXPECT_THAT(page, HasSubstr("<h1>Tuning ALS on sample</h1>"));
  EXPECT_THAT(page, HasSubstr("Two songs are held out."));
  EXPECT_THAT(page, HasSubstr("<pre>[als]\nrank = 64\n</pre>"));
  EXPECT_THAT(page, HasSubstr("0, as configured"));
  EXPECT_THAT(page, HasSubstr("<title>als.peak and als.up</title>"));
  EXPECT_THAT(page, Not(HasSubstr("nan")));
  EXPECT_EQ(page, tune_page(report));
}

TEST(TunePage, ComparesWithTheConfigurationAsItStands) {
  TuneReport report = report_for_tests();
  EXPECT_THAT(tune_page(report), Not(HasSubstr("The difference is"))) << "an interrupted search has not compared them";
  report.comparison = TuneComparison{
      .fresh = true, .best = {0.31, 0.29, 0.33}, .standing = {0.25, 0.24, 0.26}, .gain = {{0.06, 0.04, 0.08}, 0.0005}};
  const char* figures =
      "it has 0.3100 (0.2900 to 0.3300 in 95% of bootstrap resamples of users), the configuration as it stands 0.2500 "
      "(0.2400 to 0.2600). The difference is +0.0600 (+0.0400 to +0.0800), p = 0.0005.";
  EXPECT_THAT(tune_page(report), HasSubstr("On one more split, which nothing was chosen by, " + std::string(figures)));
  report.comparison->fresh = false;
  EXPECT_THAT(tune_page(report),
              HasSubstr("On the users it was chosen by, " + std::string(figures) + " It is the best of many there"));
}

TEST(TunePage, ShowsTheScoreOfTheSearchAndTheConfirmedOne) {
  const TuneReport report = confirmed_report();
  const RankedTrial& chosen = report.trials[0];
  const std::string page = tune_page(report);
  EXPECT_THAT(page,
              HasSubstr(fmt::format("Best ndcg@10: {:.4f}, by trial {} after {} iterations, the mean over 8 splits "
                                    "({:.4f} on the search's).",
                                    chosen.mean, chosen.best.trial, chosen.best.iterations, chosen.best.score)));
  EXPECT_THAT(page, HasSubstr("were then scored on further splits"));
  EXPECT_THAT(page, Not(HasSubstr("chosen by this one split")));
  EXPECT_THAT(page, Not(HasSubstr("9.0000"))) << "scores of other splits are in no chart";
  EXPECT_THAT(tune_page(report_for_tests()), HasSubstr("chosen by this one split"));
}

TEST(TunePage, IsDrawnWhateverThereIs) {
  TuneReport report = report_for_tests();
  report.records.resize(1);
  report.trials = {{.best = report.records[0], .splits = 1, .mean = 0.3}};
  EXPECT_THAT(tune_page(report), HasSubstr("by trial 0 after 15 iterations: the configuration as it stands."));
  report.records[0].score = report.trials[0].best.score = report.trials[0].mean = NAN;
  EXPECT_THAT(tune_page(report), HasSubstr("No trial has a score yet."));
  report.records.clear();
  report.trials.clear();
  EXPECT_THAT(to_svg_file(tune_drawing(report)), HasSubstr("No data to show"));
  report.space.clear();
  report.base.clear();
  EXPECT_THAT(tune_page(report), HasSubstr("No trial has a score yet."));
}

TEST(TunePage, EscapesWhatCameFromOutside) {
  TuneReport report = report_for_tests();
  report.data = report.split = report.caveat = report.best_toml = "<script>x</script>";
  EXPECT_THAT(tune_page(report), Not(HasSubstr("<script")));
  EXPECT_THAT(to_svg_file(tune_drawing(report)), Not(HasSubstr("<script")));
}

}  // namespace
}  // namespace segue::evaluate
