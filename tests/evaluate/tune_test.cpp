#include "segue/evaluate/tune.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <thread>

#include "segue/core/error.hpp"
#include "segue/core/random.hpp"
#include "tests/core/temporary_directory.hpp"

namespace segue::evaluate {
namespace {

using testing::HasSubstr;

const Space kSpace{parse_parameter("a=0..1"), parse_parameter("b=1e-3..1e3:log")};

/// Scores without training: higher the nearer `a` is to 0.7, a little with iterations, and by luck: each split is
/// easier or harder for all, and for each configuration once more.
class FakeObjective final : public TuneObjective {
 public:
  std::int64_t calls = 0;
  std::int64_t stop_after = INT64_MAX;  // calls
  std::chrono::milliseconds takes{0};
  double nan_above = 2;          // of a
  double nan_above_further = 2;  // of a, on further splits
  double luck = 0;               // its standard deviation
  std::uint64_t luck_seed = 1;
  double standing = 0.5;  // a of trial 0

  static double worth(double a) { return 1 - std::abs(a - 0.7); }

  std::unique_ptr<Trainee> start(const Assignment* assignment, int split) override {
    return std::make_unique<FakeTrainee>(*this, assignment == nullptr ? standing : assignment->at(0), split);
  }

 private:
  class FakeTrainee final : public Trainee {
   public:
    FakeTrainee(FakeObjective& objective, double a, int split) : objective_(objective), a_(a), split_(split) {}
    std::optional<double> score_after(int iterations, const Stop& stop) override {
      if (objective_.calls >= objective_.stop_after || stop())
        return std::nullopt;
      ++objective_.calls;
      std::this_thread::sleep_for(objective_.takes);
      if (a_ > objective_.nan_above || (split_ > 0 && a_ > objective_.nan_above_further))
        return NAN;
      const auto split = static_cast<std::uint64_t>(split_);
      const double shared = Random(objective_.luck_seed, split).normal();
      const double own = Random(objective_.luck_seed + std::bit_cast<std::uint64_t>(a_), split).normal();
      return worth(a_) - 0.01 / iterations + objective_.luck * (shared + own);
    }

   private:
    FakeObjective& objective_;
    double a_;
    int split_;
  };
};

TuneOptions options_for(std::int64_t trials) {
  TuneOptions options;
  options.space = kSpace;
  options.default_iterations = 4;
  options.rungs = {1, 3, 9};
  options.bracket = 9;
  options.candidates = 0;
  options.seconds = 0;
  options.trials = trials;
  options.seed = 3;
  return options;
}

bool never() {
  return false;
}

std::vector<std::tuple<std::int64_t, int, int, double>> content(const TrialLog& log) {
  std::vector<std::tuple<std::int64_t, int, int, double>> out;
  for (const TrialRecord& record : log.records())
    out.emplace_back(record.trial, record.iterations, record.split, record.score);
  return out;
}

std::vector<std::tuple<std::int64_t, int, double>> content(const TuneResult& result) {
  std::vector<std::tuple<std::int64_t, int, double>> out;
  for (const RankedTrial& trial : result.trials)
    out.emplace_back(trial.best.trial, trial.splits, trial.mean);
  return out;
}

/// Of a trial, as it went into the confirmation, over the first `splits` splits.
double mean_in_log(const TrialLog& log, const RankedTrial& trial) {
  double sum = 0;
  for (int split = 0; split < trial.splits; ++split)
    sum += log.find(trial.best.trial, trial.best.iterations, split)->score;
  return sum / trial.splits;
}

std::set<std::int64_t> trials_on(const TrialLog& log, int split) {
  std::set<std::int64_t> trials;
  for (const TrialRecord& record : log.records())
    if (record.split == split)
      trials.insert(record.trial);
  return trials;
}

class Tune : public testing::Test {
 protected:
  std::filesystem::path file(const std::string& name = "trials.jsonl") const { return folder_.path() / name; }
  TemporaryDirectory folder_;
  FakeObjective objective_;
};

TEST_F(Tune, TheBestThirdOfEachRungGoesOn) {
  TrialLog log(file(), {});
  EXPECT_EQ(tune(objective_, options_for(10), log, no_progress(), never).end, TuneEnd::trials);
  ASSERT_EQ(log.records().size(), 1u + 9 + 3 + 1);
  EXPECT_EQ(log.records()[0].trial, 0);
  EXPECT_EQ(log.records()[0].iterations, 4);
  std::map<int, std::vector<TrialRecord>> rungs;
  for (std::size_t i = 1; i < log.records().size(); ++i)
    rungs[log.records()[i].iterations].push_back(log.records()[i]);
  for (const auto& [rung, next] : {std::pair{1, 3}, {3, 9}}) {
    std::vector<TrialRecord> sorted = rungs[rung];
    std::ranges::sort(sorted, [](const auto& a, const auto& b) { return a.score > b.score; });
    std::set<std::int64_t> best, promoted;
    for (std::size_t i = 0; i < rungs[next].size(); ++i)
      best.insert(sorted[i].trial);
    for (const TrialRecord& record : rungs[next])
      promoted.insert(record.trial);
    EXPECT_EQ(promoted, best) << rung;
  }
}

TEST_F(Tune, TheLastBracketIsAsSmallAsTheBoundSays) {
  for (const std::int64_t trials : {1, 2, 3, 9, 11, 23}) {
    TrialLog log(file(std::to_string(trials)), {});
    tune(objective_, options_for(trials), log, no_progress(), never);
    std::set<std::int64_t> seen;
    for (const TrialRecord& record : log.records())
      seen.insert(record.trial);
    EXPECT_EQ(static_cast<std::int64_t>(seen.size()), trials);
    EXPECT_EQ(*seen.rbegin(), trials - 1);
  }
}

// Stopped after any number of evaluations, of the search or the confirmation, and started again, it ends with the same
// records, none made twice, and the same choice. What is ranked by then is ranked by whole splits.
TEST_F(Tune, GoesOnWhereItWasStopped) {
  TuneOptions options = options_for(12);
  options.candidates = 6;
  objective_.luck = 0.2;
  TrialLog whole(file(), {});
  const auto chosen = content(tune(objective_, options, whole, no_progress(), never));
  const auto want = content(whole);
  EXPECT_GT(std::ranges::count_if(whole.records(), [](const auto& record) { return record.split > 0; }), 15);
  for (std::int64_t stop = 0; stop < static_cast<std::int64_t>(want.size()); ++stop) {
    FakeObjective objective;
    objective.luck = 0.2;
    objective.stop_after = stop;
    const std::filesystem::path name = file(std::to_string(stop));
    {
      TrialLog log(name, {});
      const TuneResult result = tune(objective, options, log, no_progress(), never);
      EXPECT_EQ(result.end, TuneEnd::stopped);
      EXPECT_EQ(log.records().size(), static_cast<std::size_t>(stop));
      for (const RankedTrial& trial : result.trials)
        EXPECT_NEAR(trial.mean, mean_in_log(log, trial), 1e-12);
    }
    objective.stop_after = INT64_MAX;
    TrialLog log(name, {});
    const TuneResult result = tune(objective, options, log, no_progress(), never);
    EXPECT_EQ(result.end, TuneEnd::trials);
    EXPECT_EQ(content(log), want) << stop;
    EXPECT_EQ(content(result), chosen) << stop;
    EXPECT_EQ(objective.calls, static_cast<std::int64_t>(want.size())) << stop;
  }
}

TEST_F(Tune, MoreTrialsGoOnFromFewer) {
  TrialLog log(file(), {});
  tune(objective_, options_for(10), log, no_progress(), never);
  const std::int64_t calls = objective_.calls;
  tune(objective_, options_for(10), log, no_progress(), never);
  EXPECT_EQ(objective_.calls, calls) << "nothing was left to do";
  tune(objective_, options_for(19), log, no_progress(), never);
  TrialLog fresh(file("fresh"), {});
  tune(objective_, options_for(19), fresh, no_progress(), never);
  EXPECT_EQ(content(log), content(fresh));
}

TEST_F(Tune, WhatDoesNotConvergeIsNeitherPromotedNorBest) {
  objective_.nan_above = 0.3;  // trial 0, at 0.5, is among them
  TrialLog log(file(), {});
  const std::vector<RankedTrial> trials = tune(objective_, options_for(19), log, no_progress(), never).trials;
  EXPECT_TRUE(std::isnan(log.records()[0].score));
  double best = -1;
  for (const TrialRecord& record : log.records()) {
    best = record.score > best ? record.score : best;
    if (record.iterations == 9) {
      EXPECT_FALSE(std::isnan(record.score));
    }
  }
  ASSERT_EQ(trials.size(), 19u);
  EXPECT_EQ(trials[0].mean, best);
  EXPECT_EQ(trials[0].best.score, best);
  EXPECT_EQ(trials[0].splits, 1);
  EXPECT_TRUE(std::isnan(trials.back().mean));
  objective_.nan_above = -1;
  TrialLog none(file("none"), {});
  TuneOptions options = options_for(10);
  options.candidates = 4;
  const TuneResult result = tune(objective_, options, none, no_progress(), never);
  EXPECT_EQ(result.trials.size(), 10u);
  EXPECT_TRUE(std::isnan(result.trials[0].mean));
  EXPECT_EQ(result.trials[0].splits, 1) << "there was nothing to confirm";
}

TEST_F(Tune, EndsWithItsTimeCountingEarlierAttempts) {
  objective_.takes = std::chrono::milliseconds(5);
  TuneOptions options = options_for(0);
  options.seconds = 0.1;
  TrialLog log(file(), {});
  EXPECT_EQ(tune(objective_, options, log, no_progress(), never).end, TuneEnd::seconds);
  const std::size_t records = log.records().size();
  EXPECT_GE(records, 1u);
  EXPECT_LE(records, 20u) << "5 ms each";
  EXPECT_LT(log.records().back().elapsed, 0.2);
  options.seconds = log.records().back().elapsed / 2;  // used up before it starts
  EXPECT_EQ(tune(objective_, options, log, no_progress(), never).end, TuneEnd::seconds);
  EXPECT_EQ(log.records().size(), records);
}

// Six trials on one further split, three on two more, two on four more, each time with trial 0 beside them.
TEST_F(Tune, TheBetterHalfIsConfirmedOnTwiceAsManySplits) {
  objective_.luck = 0.2;
  objective_.standing = 0.05;  // the worst of all
  TuneOptions options = options_for(37);
  options.candidates = 6;
  TrialLog log(file(), {});
  const TuneResult result = tune(objective_, options, log, no_progress(), never);
  EXPECT_EQ(result.end, TuneEnd::trials);
  EXPECT_EQ(log.records().back().split, 7);

  std::vector<RankedTrial> alive;
  for (const RankedTrial& trial : result.trials)
    alive.push_back({.best = trial.best, .splits = 1, .mean = trial.best.score});
  for (const auto& [candidates, first, last] : {std::tuple{6, 1, 1}, {3, 2, 3}, {2, 4, 7}}) {
    std::ranges::sort(alive, std::greater<>(), &RankedTrial::mean);
    alive.resize(static_cast<std::size_t>(candidates));
    std::set<std::int64_t> expected{0};
    for (RankedTrial& trial : alive) {
      expected.insert(trial.best.trial);
      trial.splits = last + 1;
      trial.mean = mean_in_log(log, trial);
    }
    for (int split = first; split <= last; ++split)
      EXPECT_EQ(trials_on(log, split), expected) << split;
  }
  EXPECT_EQ(result.trials[0].best.trial, std::ranges::max(alive, {}, &RankedTrial::mean).best.trial);
  EXPECT_EQ(result.trials[0].splits, 8);
  EXPECT_EQ(result.trials[1].splits, 8);
  EXPECT_EQ(std::ranges::count(result.trials, 4, &RankedTrial::splits), 1);
  EXPECT_EQ(std::ranges::count(result.trials, 2, &RankedTrial::splits), 3);
  EXPECT_EQ(result.trials.size(), 37u);
}

// Of many trials on one split the best by score is partly the luckiest.
TEST_F(Tune, WhatIsConfirmedIsBetterThanTheBestOfOneSplit) {
  double raw = 0, confirmed = 0;
  constexpr int kSearches = 15;
  for (int i = 0; i < kSearches; ++i) {
    TuneOptions options = options_for(100);
    options.candidates = 16;
    options.seed = static_cast<std::uint64_t>(i);
    objective_.luck = 0.1;
    objective_.luck_seed = static_cast<std::uint64_t>(i);
    TrialLog log(file(std::to_string(i)), {});
    const TuneResult result = tune(objective_, options, log, no_progress(), never);
    const auto worth = [&](std::int64_t trial) {
      return FakeObjective::worth(trial == 0 ? objective_.standing
                                             : draw_assignment(options.space, options.seed, trial)[0]);
    };
    confirmed += worth(result.trials[0].best.trial) / kSearches;
    raw +=
        worth(std::ranges::max(result.trials, {}, [](const auto& t) { return t.best.score; }).best.trial) / kSearches;
  }
  EXPECT_GT(confirmed, raw + 0.02);
  EXPECT_LT(1 - confirmed, 0.7 * (1 - raw)) << "nearer to the best there is";
}

TEST_F(Tune, WhatIsChosenIsNotWorseThanTrialZeroOnTheSameSplits) {
  objective_.standing = 0.7;  // the best there is
  objective_.luck = 0.3;
  int kept = 0;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    objective_.luck_seed = seed;
    TuneOptions options = options_for(30);
    options.candidates = 8;
    TrialLog log(file(std::to_string(seed)), {});
    const TuneResult result = tune(objective_, options, log, no_progress(), never);
    const auto standing = std::ranges::find(result.trials, 0, [](const auto& trial) { return trial.best.trial; });
    ASSERT_EQ(standing->splits, 8);
    EXPECT_EQ(result.trials[0].splits, 8);
    EXPECT_GE(result.trials[0].mean, standing->mean);
    kept += result.trials[0].best.trial == 0 ? 1 : 0;
  }
  EXPECT_GE(kept, 2) << "of 10";
}

TEST_F(Tune, OfEqualTrialsTheFirstIsChosen) {
  TuneOptions options = options_for(19);
  options.space = {parse_parameter("a=3")};  // its place in the list: 0
  options.rungs = {4};
  options.candidates = 8;
  objective_.standing = 0;
  TrialLog log(file(), {});
  const TuneResult result = tune(objective_, options, log, no_progress(), never);
  EXPECT_EQ(result.trials[0].best.trial, 0);
  EXPECT_EQ(result.trials[0].splits, 8);
  EXPECT_EQ(result.trials[1].best.trial, 1);
}

TEST_F(Tune, WhatDoesNotConvergeOnAFurtherSplitIsNotChosen) {
  objective_.nan_above_further = 0.65;
  objective_.standing = 0.1;
  TuneOptions options = options_for(100);
  options.candidates = 16;
  TrialLog log(file(), {});
  const TuneResult result = tune(objective_, options, log, no_progress(), never);
  const double a = draw_assignment(options.space, options.seed, result.trials[0].best.trial)[0];
  EXPECT_LE(a, 0.65);
  EXPECT_EQ(result.trials[0].splits, 16);
}

TEST_F(Tune, NothingIsConfirmedWhereThereIsNoChoice) {
  for (const auto& [trials, candidates, splits] : {std::tuple{1, 16, 1}, {2, 16, 2}, {9, 0, 1}, {9, 1, 1}}) {
    TuneOptions options = options_for(trials);
    options.candidates = candidates;
    TrialLog log(file(fmt::format("{}-{}", trials, candidates)), {});
    EXPECT_EQ(tune(objective_, options, log, no_progress(), never).trials[0].splits, splits) << trials;
  }
}

TEST_F(Tune, TheBudgetIncludesTheConfirmation) {
  objective_.takes = std::chrono::milliseconds(5);
  TuneOptions options = options_for(0);
  options.seconds = 1;
  options.candidates = 1000;
  TrialLog log(file(), {});
  const TuneResult result = tune(objective_, options, log, no_progress(), never);
  EXPECT_EQ(result.end, TuneEnd::seconds);
  EXPECT_GT(result.trials[0].splits, 1);
  EXPECT_LT(trials_on(log, 1).size(), 40u) << "as many as there is time for";
  for (const TrialRecord& record : log.records())
    EXPECT_LT(record.elapsed, (record.split == 0 ? 1 - kConfirmationShare : 1) + 0.1);
  const auto searched = [&] { return std::ranges::count(log.records(), 0, &TrialRecord::split); };
  const auto before = searched();
  EXPECT_EQ(tune(objective_, options, log, no_progress(), never).end, TuneEnd::seconds);
  EXPECT_EQ(searched(), before) << "the time of the search is used up";
}

TEST_F(Tune, TheUserCanStopIt) {
  TrialLog log(file(), {});
  EXPECT_EQ(tune(objective_, options_for(10), log, no_progress(), [] { return true; }).end, TuneEnd::stopped);
  EXPECT_TRUE(log.records().empty());
}

TEST_F(Tune, OptionsOutOfRangeAreNamed) {
  TrialLog log(file(), {});
  const auto refusal = [&](const TuneOptions& options) {
    try {
      tune(objective_, options, log, no_progress(), never);
    } catch (const InvalidArgument& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  EXPECT_THAT(refusal(options_for(0)), HasSubstr("give a number of trials or a time"));
  TuneOptions options = options_for(3);
  options.rungs = {9, 3};
  EXPECT_THAT(refusal(options), HasSubstr("rungs 9, 3, expected ascending"));
  options.rungs = {0, 3};
  EXPECT_THAT(refusal(options), HasSubstr("rungs 0, 3"));
  options = options_for(3);
  options.bracket = 0;
  EXPECT_THAT(refusal(options), HasSubstr("bracket 0"));
  options = options_for(3);
  options.candidates = -1;
  EXPECT_THAT(refusal(options), HasSubstr("candidates -1, expected 0"));
}

}  // namespace
}  // namespace segue::evaluate
