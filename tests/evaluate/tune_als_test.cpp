#include "segue/evaluate/tune_als.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <utility>

#include "host/evaluate/tune_data.hpp"
#include "segue/core/error.hpp"
#include "segue/core/parallel.hpp"
#include "segue/core/random.hpp"

namespace segue::evaluate {
namespace {

using testing::HasSubstr;

constexpr std::int64_t kUsers = 120, kSongs = 90;

struct LogKind {
  bool skips = true;
  bool repeats = true;
};

/// Three tastes of thirty songs; a user streams mostly songs of one.
data::ListenLog small_log(LogKind kind = {}) {
  Random random(4);
  data::ListenLog log;
  const auto add = [&](std::int32_t user, std::int32_t song, std::int32_t ms_played) {
    log.user.push_back(user);
    log.song.push_back(song);
    log.timestamp.push_back(1'300'000'000 + static_cast<std::int64_t>(log.user.size()) * 60);
    log.ms_played.push_back(ms_played);
  };
  for (std::int32_t user = 0; user < kUsers; ++user)
    for (std::int32_t song = 0; song < kSongs; ++song) {
      const bool liked = song % 3 == user % 3;
      if (random.uniform() > (liked ? 0.6 : 0.05))
        continue;
      add(user, song, 200'000);
      if (kind.repeats && liked)
        add(user, song, 180'000);
      if (kind.skips && !liked)
        add(user, song, 5'000);
    }
  return log;
}

AlsTuneOptions options_for_tests() {
  AlsTuneOptions options;
  options.base.als.rank = 8;
  options.base.als.iterations = 4;
  options.split.part = Part::validation;
  options.split.k = 2;
  options.split.min_songs = 5;
  return options;
}

AlsObjective objective_of(const data::ListenLog& log, const AlsTuneOptions& options = options_for_tests()) {
  return {Device::cpu(), log, kUsers, kSongs, options};
}

bool never() {
  return false;
}

std::vector<std::string> keys(const AlsObjective& objective) {
  std::vector<std::string> out;
  for (const Parameter& parameter : objective.space())
    out.push_back(parameter.key);
  return out;
}

TEST(AlsObjective, TrainingOnGivesTheSameBitsAsTrainingAtOnce) {
  const data::ListenLog log = small_log();
  AlsObjective objective = objective_of(log);
  for (const std::int64_t trial : {0, 1, 2, 3}) {
    const Assignment assignment = draw_assignment(objective.space(), 9, trial);
    const auto in_steps = objective.start(trial == 0 ? nullptr : &assignment, 0);
    const auto at_once = objective.start(trial == 0 ? nullptr : &assignment, 0);
    const std::optional<double> early = in_steps->score_after(1, never);
    const std::optional<double> late = in_steps->score_after(6, never);
    ASSERT_TRUE(early && late);
    EXPECT_EQ(late, at_once->score_after(6, never)) << trial;
    EXPECT_EQ(early, at_once->score_after(1, never)) << "also backwards";
    if (trial == 0) {
      EXPECT_GT(*late, 0.3) << "three tastes are easy to tell apart";
    }
  }
}

TEST(AlsObjective, ScoresDoNotDependOnTheThreadCount) {
  const data::ListenLog log = small_log();
  std::vector<double> scores;
  for (const int threads : {1, 2, 5}) {
    set_thread_count(threads);
    AlsObjective objective = objective_of(log);
    scores.push_back(*objective.start(nullptr, 0)->score_after(3, never));
  }
  set_thread_count(0);
  EXPECT_EQ(scores[0], scores[1]);
  EXPECT_EQ(scores[0], scores[2]);
}

TEST(AlsObjective, StopsBetweenIterations) {
  const data::ListenLog log = small_log();
  AlsObjective objective = objective_of(log);
  int asked = 0;
  EXPECT_EQ(objective.start(nullptr, 0)->score_after(10, [&] { return ++asked > 3; }), std::nullopt);
  EXPECT_EQ(asked, 4);
}

TEST(AlsObjective, ValuesByUserHaveTheScoreAsTheirMean) {
  const data::ListenLog log = small_log();
  AlsObjective objective = objective_of(log);
  const std::vector<double> values = objective.values(objective.settings(0, 1), 0);
  ASSERT_EQ(static_cast<std::int64_t>(values.size()), objective.evaluated_users());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  EXPECT_NEAR(mean, *objective.start(nullptr, 0)->score_after(4, never), 1e-12);
}

TEST(AlsObjective, TheSameUsersAreScoredInEveryTrial) {
  const data::ListenLog log = small_log();
  AlsTuneOptions options = options_for_tests();
  options.most_users = 20;
  AlsObjective objective = objective_of(log, options);
  EXPECT_EQ(objective.evaluated_users(), 20);
  EXPECT_GT(objective.counts().users, 100);
  AlsSettings settings = objective.settings(0, 1);
  EXPECT_EQ(objective.values(settings, 0).size(), 20u);
  settings.interactions.skip_weight = 0.7;
  settings.interactions.confidence = data::Confidence::log;
  EXPECT_EQ(objective.values(settings, 0).size(), 20u);
  options.most_users = 0;
  EXPECT_EQ(objective_of(log, options).evaluated_users(), objective.counts().users);
}

TEST(AlsObjective, SearchesWhatTheLogCanTellAbout) {
  const data::ListenLog full = small_log(), plain = small_log({.skips = false, .repeats = false});
  EXPECT_THAT(keys(objective_of(full)),
              testing::ElementsAre("als.rank", "lambda", "als.regularization_exponent", "als.alpha",
                                   "interactions.skip_weight", "interactions.confidence"));
  EXPECT_THAT(keys(objective_of(plain)),
              testing::ElementsAre("als.rank", "lambda", "als.regularization_exponent", "als.alpha"));
  AlsTuneOptions gram = options_for_tests();
  gram.base.als.preconditioner = als::Preconditioner::gram;
  EXPECT_THAT(keys(objective_of(plain, gram)), testing::ElementsAre("als.rank", "lambda", "als.alpha"));
}

TEST(AlsObjective, TakesChangesOfTheSpace) {
  const data::ListenLog log = small_log();
  AlsObjective objective = objective_of(log);
  EXPECT_THAT(objective.rungs(), testing::ElementsAre(5, 15));
  const std::vector<std::string> changes{"als.rank=4,8", "als.regularization=1..10:log", "als.iterations=2..40",
                                         "als.cg_steps=2..5"};
  objective.set_space(changes);
  EXPECT_THAT(keys(objective),
              testing::ElementsAre("als.rank", "als.regularization_exponent", "als.alpha", "interactions.skip_weight",
                                   "interactions.confidence", "als.regularization", "als.cg_steps"));
  EXPECT_THAT(objective.rungs(), testing::ElementsAre(4, 13, 40));
  for (std::int64_t trial = 1; trial < 50; ++trial) {
    const AlsSettings settings = objective.settings(trial, 1);
    EXPECT_TRUE(settings.als.rank == 4 || settings.als.rank == 8);
    EXPECT_TRUE(settings.als.regularization >= 1 && settings.als.regularization <= 10);
    EXPECT_TRUE(settings.als.cg_steps >= 2 && settings.als.cg_steps <= 5);
  }
}

TEST(AlsObjective, RefusesWhatCannotBeSearched) {
  const data::ListenLog log = small_log();
  AlsObjective objective = objective_of(log);
  const std::vector<std::string> before = keys(objective);
  const auto refusal = [&](std::vector<std::string> changes) {
    try {
      objective.set_space(changes);
    } catch (const InvalidArgument& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  EXPECT_EQ(refusal({"als.rnak=1..2"}), "--space: \"als.rnak\" cannot be searched; did you mean als.rank?");
  EXPECT_THAT(refusal({"xyzzy=1..2"}), HasSubstr("these can: als.rank, lambda"));
  EXPECT_THAT(refusal({"als.rank=1.5..8"}), HasSubstr("whole numbers expected"));
  EXPECT_THAT(refusal({"als.rank=8,many"}), HasSubstr("\"many\" is not a whole number"));
  EXPECT_THAT(refusal({"als.rank=0..8"}), HasSubstr("rank is 0, expected 1 to 1024"));
  EXPECT_THAT(refusal({"als.iterations=0..8"}), HasSubstr("iterations is 0"));
  EXPECT_THAT(refusal({"interactions.skip_weight=-1..1"}), HasSubstr("skip_weight"));
  EXPECT_THAT(refusal({"interactions.confidence=0..1"}), HasSubstr("expected some of linear,log"));
  EXPECT_THAT(refusal({"interactions.confidence=linear,square"}), HasSubstr("\"square\" is not one of linear,log"));
  EXPECT_THAT(refusal({"lambda=1..2", "als.regularization=1..2"}), HasSubstr("name one of the two"));
  EXPECT_EQ(keys(objective), before) << "unchanged by what was refused";
}

// regularization·√((n̄ᵤ + songs/alpha)(n̄ᵢ + users/alpha))^exponent = lambda
TEST(AlsObjective, LambdaIsTheRegularizationOfAnAverageRow) {
  const data::ListenLog log = small_log();
  AlsObjective objective = objective_of(log);
  objective.set_space(std::vector<std::string>{"lambda=7", "als.regularization_exponent=0,0.5,1", "als.alpha=2",
                                               "als.rank=8", "interactions.skip_weight=0.1",
                                               "interactions.confidence=linear"});
  const auto at = [&](double exponent_place) { return objective.settings({0, 0, exponent_place, 0, 0, 0}).als; };
  EXPECT_EQ(at(0).regularization, 7);
  EXPECT_EQ(at(1).regularization_exponent, 0.5);
  const Split split = make_split(log, kUsers, kSongs, {}, options_for_tests().split, no_progress());
  const data::CsrView matrix = split.train.strength.view();
  std::vector<bool> heard(kSongs, false);
  std::int64_t active = 0;
  for (std::int64_t user = 0; user < matrix.rows; ++user)
    active += matrix.row_size(user) > 0;
  for (const std::int32_t song : matrix.indices)
    heard[static_cast<std::size_t>(song)] = true;
  const auto nonzeros = static_cast<double>(matrix.nonzeros());
  const double row = std::sqrt((nonzeros / static_cast<double>(active) + kSongs / 2.0) *
                               (nonzeros / static_cast<double>(std::ranges::count(heard, true)) + kUsers / 2.0));
  EXPECT_NEAR(at(1).regularization, 7 / std::sqrt(row), 5e-4 * 7 / std::sqrt(row)) << "rounded to four digits";
  EXPECT_NEAR(at(2).regularization, 7 / row, 5e-4 * 7 / row);
}

TEST(AlsObjective, TheConfigurationAsItStandsLiesInTheSpace) {
  const data::ListenLog log = small_log();
  AlsTuneOptions options = options_for_tests();
  options.base.als.regularization = 0.03;
  options.base.als.regularization_exponent = 0.75;
  options.base.interactions.confidence = data::Confidence::log;
  AlsObjective objective = objective_of(log, options);
  const AlsSettings back = objective.settings(objective.base_assignment());
  EXPECT_EQ(back.als.rank, 8);
  EXPECT_EQ(back.als.regularization, 0.03);
  EXPECT_EQ(back.als.regularization_exponent, 0.75);
  EXPECT_EQ(back.interactions.confidence, data::Confidence::log);
  EXPECT_EQ(back.interactions.skip_weight, 0.1);
  objective.set_space(std::vector<std::string>{"interactions.skip_weight=0,1"});
  EXPECT_TRUE(std::isnan(objective.base_assignment()[4])) << "0.1 is not among the choices";
}

TEST(AlsObjective, PlansMemoryForTheLargestRank) {
  const data::ListenLog log = small_log();
  AlsObjective objective = objective_of(log);
  objective.set_space(std::vector<std::string>{"als.rank=4..8"});
  const std::int64_t small = objective.memory_plan().total_bytes();
  objective.set_space(std::vector<std::string>{"als.rank=4,512"});
  EXPECT_GT(objective.memory_plan().total_bytes(), small + (kUsers + kSongs) * 504 * 4);
}

using Pairs = std::set<std::pair<std::int32_t, std::int32_t>>;

/// @param users  of the rows; empty: their numbers
Pairs pairs_of(const data::Csr& matrix, const std::vector<std::int32_t>& users) {
  Pairs pairs;
  for (std::int64_t row = 0; row < matrix.rows; ++row)
    for (const std::int32_t song : matrix.view().row_indices(row))
      pairs.emplace(users.empty() ? static_cast<std::int32_t>(row) : users[static_cast<std::size_t>(row)], song);
  return pairs;
}

std::int64_t count_shared(const Pairs& a, const Pairs& b) {
  return std::ranges::count_if(a, [&](const auto& pair) { return b.contains(pair); });
}

TEST(TuneSplits, FurtherOnesHoldOutOtherSongsAndNoneOfTheTestPart) {
  const data::ListenLog log = small_log();
  for (const Protocol protocol : {Protocol::leave_k_out, Protocol::strong}) {
    SplitOptions options = options_for_tests().split;
    options.protocol = protocol;
    const Split validation = make_split(log, kUsers, kSongs, {}, options, no_progress());
    TuneDataCache data(log, kUsers, kSongs, options, {}, 0, 1 << 30);
    options.part = Part::test;
    const Split test = make_split(log, kUsers, kSongs, {}, options, no_progress());
    const Pairs hidden = pairs_of(test.held_out, test.users);
    std::vector<Pairs> drawn;
    for (int number = 0; number < 5; ++number) {
      const Split& split = data.get({}, number).split;
      const Pairs held_out = pairs_of(split.held_out, split.users);
      const Pairs train = pairs_of(split.train.strength, {});
      EXPECT_EQ(count_shared(hidden, held_out), 0);
      EXPECT_EQ(count_shared(hidden, train), 0);
      EXPECT_EQ(count_shared(hidden, pairs_of(split.seen, split.users)), 0);
      EXPECT_EQ(count_shared(hidden, pairs_of(split.fold_in, split.users)), 0);
      EXPECT_EQ(count_shared(held_out, train), 0);
      for (const Pairs& other : drawn)
        EXPECT_LT(count_shared(held_out, other), static_cast<std::int64_t>(held_out.size()) / 2);
      drawn.push_back(held_out);
      if (protocol == Protocol::leave_k_out) {
        EXPECT_EQ(split.users, validation.users);
        EXPECT_EQ(held_out.size(), 2 * split.users.size());
        EXPECT_EQ(train.size(), static_cast<std::size_t>(validation.train.strength.nonzeros()));
      }
    }
    EXPECT_EQ(drawn[0], pairs_of(validation.held_out, validation.users));
  }
}

TEST(TuneSplits, AreTheSameWhateverWasAskedForBefore) {
  const data::ListenLog log = small_log();
  const SplitOptions options = options_for_tests().split;
  data::InteractionOptions logarithmic;
  logarithmic.confidence = data::Confidence::log;
  TuneDataCache roomy(log, kUsers, kSongs, options, {}, 20, 1 << 30);
  TuneDataCache narrow(log, kUsers, kSongs, options, {}, 20, 0);
  for (const int number : {3, 0, 1, 3}) {
    const data::Csr expected = roomy.get({}, number).split.held_out;
    EXPECT_EQ(expected.rows, 20);
    EXPECT_EQ(narrow.get(logarithmic, number).split.held_out.indices, expected.indices);
    EXPECT_EQ(narrow.get({}, number).split.held_out.indices, expected.indices);
  }
}

TEST(AlsObjective, FurtherSplitsGiveOtherScores) {
  const data::ListenLog log = small_log();
  AlsObjective objective = objective_of(log);
  EXPECT_TRUE(objective.has_further_splits());
  std::set<double> scores;
  for (const int split : {0, 1, 2, 1}) {
    const double score = *objective.start(nullptr, split)->score_after(4, never);
    EXPECT_GT(score, 0.2);
    scores.insert(score);
  }
  EXPECT_EQ(scores.size(), 3u) << "the same number, the same split";
}

TEST(AlsObjective, WorksForEveryProtocol) {
  const data::ListenLog log = small_log();
  for (const Protocol protocol : {Protocol::leave_k_out, Protocol::time, Protocol::strong}) {
    AlsTuneOptions options = options_for_tests();
    options.split.protocol = protocol;
    options.split.held_out_users = 0.2;
    // Time: the log is in user order, so that what comes late is of other users; shuffle its times.
    data::ListenLog shuffled = log;
    Random random(8);
    for (std::int64_t& time : shuffled.timestamp)
      time = 1'300'000'000 + random.below(10'000'000);
    AlsObjective objective = objective_of(shuffled, options);
    EXPECT_GT(objective.evaluated_users(), 5);
    EXPECT_EQ(objective.has_further_splits(), protocol != Protocol::time);
    const std::optional<double> score = objective.start(nullptr, 0)->score_after(5, never);
    EXPECT_GT(score.value(), 0.05) << to_string(protocol);
  }
}

}  // namespace
}  // namespace segue::evaluate
