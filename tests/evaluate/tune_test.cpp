#include "segue/evaluate/tune.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <map>
#include <set>
#include <thread>

#include "segue/core/error.hpp"
#include "tests/core/temporary_directory.hpp"

namespace segue::evaluate {
namespace {

using testing::HasSubstr;

const Space kSpace{parse_parameter("a=0..1"), parse_parameter("b=1e-3..1e3:log")};

/// Scores without training: higher the nearer `a` is to 0.7, and a little with iterations.
class FakeObjective final : public TuneObjective {
 public:
  std::int64_t calls = 0;
  std::int64_t stop_after = INT64_MAX;  // calls
  std::chrono::milliseconds takes{0};
  double nan_above = 2;  // of a

  std::unique_ptr<Trainee> start(const Assignment* assignment) override {
    return std::make_unique<FakeTrainee>(*this, assignment == nullptr ? 0.5 : assignment->at(0));
  }

 private:
  class FakeTrainee final : public Trainee {
   public:
    FakeTrainee(FakeObjective& objective, double a) : objective_(objective), a_(a) {}
    std::optional<double> score_after(int iterations, const Stop& stop) override {
      if (objective_.calls >= objective_.stop_after || stop())
        return std::nullopt;
      ++objective_.calls;
      std::this_thread::sleep_for(objective_.takes);
      return a_ > objective_.nan_above ? NAN : 1 - std::abs(a_ - 0.7) - 0.01 / iterations;
    }

   private:
    FakeObjective& objective_;
    double a_;
  };
};

TuneOptions options_for(std::int64_t trials) {
  TuneOptions options;
  options.space = kSpace;
  options.default_iterations = 4;
  options.rungs = {1, 3, 9};
  options.bracket = 9;
  options.seconds = 0;
  options.trials = trials;
  options.seed = 3;
  return options;
}

bool never() {
  return false;
}

std::vector<std::tuple<std::int64_t, int, double>> content(const TrialLog& log) {
  std::vector<std::tuple<std::int64_t, int, double>> out;
  for (const TrialRecord& record : log.records())
    out.emplace_back(record.trial, record.iterations, record.score);
  return out;
}

class Tune : public testing::Test {
 protected:
  std::filesystem::path file(const std::string& name = "trials.jsonl") const { return folder_.path() / name; }
  TemporaryDirectory folder_;
  FakeObjective objective_;
};

TEST_F(Tune, TheBestThirdOfEachRungGoesOn) {
  TrialLog log(file(), {});
  EXPECT_EQ(tune(objective_, options_for(10), log, no_progress(), never), TuneEnd::trials);
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

// Stopped after any number of evaluations and started again, it ends with the same records, none made twice.
TEST_F(Tune, GoesOnWhereItWasStopped) {
  TrialLog whole(file(), {});
  tune(objective_, options_for(23), whole, no_progress(), never);
  const auto want = content(whole);
  for (std::int64_t stop = 0; stop < static_cast<std::int64_t>(want.size()); ++stop) {
    FakeObjective objective;
    objective.stop_after = stop;
    const std::filesystem::path name = file(std::to_string(stop));
    {
      TrialLog log(name, {});
      EXPECT_EQ(tune(objective, options_for(23), log, no_progress(), never), TuneEnd::stopped);
      EXPECT_EQ(log.records().size(), static_cast<std::size_t>(stop));
    }
    objective.stop_after = INT64_MAX;
    TrialLog log(name, {});
    EXPECT_EQ(tune(objective, options_for(23), log, no_progress(), never), TuneEnd::trials);
    EXPECT_EQ(content(log), want) << stop;
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
  tune(objective_, options_for(19), log, no_progress(), never);
  EXPECT_TRUE(std::isnan(log.records()[0].score));
  for (const TrialRecord& record : log.records())
    if (record.iterations == 9) {
      EXPECT_FALSE(std::isnan(record.score));
    }
  ASSERT_NE(best_record(log.records()), nullptr);
  const std::vector<TrialRecord> trials = best_by_trial(log.records());
  EXPECT_EQ(trials.size(), 19u);
  EXPECT_EQ(trials[0].score, best_record(log.records())->score);
  EXPECT_TRUE(std::isnan(trials.back().score));
  objective_.nan_above = -1;
  TrialLog none(file("none"), {});
  tune(objective_, options_for(10), none, no_progress(), never);
  EXPECT_EQ(best_record(none.records()), nullptr);
  EXPECT_EQ(best_record({}), nullptr);
}

TEST_F(Tune, EndsWithItsTimeCountingEarlierAttempts) {
  objective_.takes = std::chrono::milliseconds(5);
  TuneOptions options = options_for(0);
  options.seconds = 0.1;
  TrialLog log(file(), {});
  EXPECT_EQ(tune(objective_, options, log, no_progress(), never), TuneEnd::seconds);
  const std::size_t records = log.records().size();
  EXPECT_GE(records, 1u);
  EXPECT_LE(records, 20u) << "5 ms each";
  EXPECT_LT(log.records().back().elapsed, 0.2);
  options.seconds = log.records().back().elapsed / 2;  // used up before it starts
  EXPECT_EQ(tune(objective_, options, log, no_progress(), never), TuneEnd::seconds);
  EXPECT_EQ(log.records().size(), records);
}

TEST_F(Tune, TheUserCanStopIt) {
  TrialLog log(file(), {});
  EXPECT_EQ(tune(objective_, options_for(10), log, no_progress(), [] { return true; }), TuneEnd::stopped);
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
}

}  // namespace
}  // namespace segue::evaluate
