// The engine against the definitions in reference.hpp, on exact scores: small integers, so that many tie.
#include "segue/evaluate/evaluate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "segue/core/error.hpp"
#include "segue/core/parallel.hpp"
#include "tests/evaluate/reference.hpp"

namespace segue::evaluate {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::RandomSplit;
using testing::ReferenceRanking;

constexpr int kAt[] = {1, 7, 10, 100};

template <class Exception = InvalidArgument, class Function>
std::string message_of(Function function) {
  try {
    function();
  } catch (const Exception& error) {
    return error.what();
  }
  return "nothing was thrown";
}

/// Vectors of whole numbers from −`most` to `most`: products are exact in float32, in any order.
Matrix<float> whole_vectors(std::int64_t rows, std::int64_t rank, int most, std::uint64_t seed) {
  Matrix<float> vectors(rows, rank);
  Random random(seed);
  for (std::int64_t row = 0; row < rows; ++row)
    for (float& x : vectors.row(row))
      x = static_cast<float>(static_cast<int>(random.below(static_cast<std::uint32_t>(2 * most + 1))) - most);
  return vectors;
}

std::vector<double> scores_of(const Matrix<float>& users, const Matrix<float>& songs, std::int64_t user) {
  std::vector<double> scores;
  for (std::int64_t song = 0; song < songs.rows(); ++song)
    scores.push_back(std::inner_product(users.row(user).begin(), users.row(user).end(), songs.row(song).begin(), 0.0));
  return scores;
}

struct Shape {
  const char* name;
  std::int64_t users, songs, rank, most_held_out, most_seen;
  int most = 5;  ///< of a component
};

class Evaluate : public ::testing::TestWithParam<Shape> {};

TEST_P(Evaluate, MatchesTheDefinitions) {
  const Shape& shape = GetParam();
  const RandomSplit random(shape.users, shape.songs, shape.most_held_out, shape.most_seen, 3);
  const Matrix<float> users = whole_vectors(shape.users, shape.rank, shape.most, 1);
  const Matrix<float> songs = whole_vectors(shape.songs, shape.rank, shape.most, 2);
  const SongStatistics statistics = song_statistics(random.split.train.plays.view(), songs.view());
  const auto scorer = make_factor_scorer(users.view(), songs.view());
  const std::vector<Metric> metrics = all_metrics(kAt);
  const Evaluation result = evaluate(*scorer, random.split, statistics, metrics, no_progress());
  std::vector<double> sums(metrics.size());
  for (std::int64_t user = 0; user < shape.users; ++user) {
    const auto u = static_cast<std::size_t>(user);
    const ReferenceRanking want(scores_of(users, songs, user), random.held_out[u], random.seen[u]);
    for (std::size_t m = 0; m < metrics.size(); ++m) {
      sums[m] += want.value(metrics[m], statistics);
      ASSERT_NEAR(result.per_user(user, static_cast<std::int64_t>(m)), want.value(metrics[m], statistics), 1e-9)
          << to_string(metrics[m]) << " of user " << user;
    }
    for (std::size_t place = 0; place < 100; ++place)
      ASSERT_EQ(result.lists.row(user)[place], place < want.order.size() ? want.order[place] : -1)
          << "place " << place << " of user " << user;
  }
  for (std::size_t m = 0; m < metrics.size(); ++m)
    EXPECT_NEAR(result.means[m], sums[m] / static_cast<double>(shape.users), 1e-9);
}

TEST_P(Evaluate, FirstSongsAloneGiveTheSame) {
  const Shape& shape = GetParam();
  const RandomSplit random(shape.users, shape.songs, shape.most_held_out, shape.most_seen, 5);
  const Matrix<float> users = whole_vectors(shape.users, shape.rank, shape.most, 1);
  const Matrix<float> songs = whole_vectors(shape.songs, shape.rank, shape.most, 2);
  const SongStatistics statistics = song_statistics(random.split.train.plays.view());
  const auto scorer = make_factor_scorer(users.view(), songs.view());
  std::vector<Metric> metrics{{MetricKind::ndcg, 10}, {MetricKind::recall, 20}, {MetricKind::map, 5}};
  const Evaluation some = evaluate(*scorer, random.split, statistics, metrics, no_progress());
  metrics.push_back({MetricKind::auc, 0});
  const Evaluation all = evaluate(*scorer, random.split, statistics, metrics, no_progress());
  for (std::size_t m = 0; m < 3; ++m)
    EXPECT_EQ(some.values(metrics[m]), all.values(metrics[m])) << to_string(metrics[m]);
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, Evaluate,
    ::testing::Values(
        Shape{.name = "OneOfEach", .users = 1, .songs = 1, .rank = 1, .most_held_out = 1, .most_seen = 0},
        Shape{.name = "TwoSongs", .users = 5, .songs = 2, .rank = 3, .most_held_out = 2, .most_seen = 1},
        Shape{.name = "LessSongsThanK", .users = 30, .songs = 31, .rank = 2, .most_held_out = 9, .most_seen = 20},
        Shape{.name = "OnePanel", .users = 12, .songs = 32, .rank = 4, .most_held_out = 3, .most_seen = 5},
        Shape{.name = "OnePanelAndOne", .users = 13, .songs = 33, .rank = 4, .most_held_out = 3, .most_seen = 5},
        Shape{.name = "OneChunk", .users = 27, .songs = 512, .rank = 7, .most_held_out = 12, .most_seen = 80},
        Shape{.name = "OneChunkAndOne", .users = 150, .songs = 513, .rank = 7, .most_held_out = 12, .most_seen = 80},
        Shape{
            .name = "ManyTies", .users = 40, .songs = 1100, .rank = 1, .most_held_out = 20, .most_seen = 60, .most = 1},
        Shape{.name = "AllTied", .users = 10, .songs = 700, .rank = 3, .most_held_out = 90, .most_seen = 60, .most = 0},
        Shape{.name = "ManyHeldOut",
              .users = 20,
              .songs = 1500,
              .rank = 6,
              .most_held_out = 400,
              .most_seen = 300,
              .most = 60},
        Shape{.name = "ManyHeldOutTied",
              .users = 20,
              .songs = 1500,
              .rank = 2,
              .most_held_out = 1500,
              .most_seen = 300,
              .most = 3},
        Shape{.name = "LongVectors", .users = 25, .songs = 300, .rank = 129, .most_held_out = 10, .most_seen = 10}),
    [](const auto& shape) { return std::string(shape.param.name); });

TEST(EvaluateFactors, RanksAreOfTheScoresAsComputed) {
  // Gaussian vectors: scores are rounded, and a held-out song must not be counted as above itself.
  const RandomSplit random(50, 2000, 30, 100, 9);
  Matrix<float> users(50, 37), songs(2000, 37);
  Random gauss(4);
  for (Matrix<float>* side : {&users, &songs})
    for (std::int64_t row = 0; row < side->rows(); ++row)
      for (float& x : side->row(row))
        x = static_cast<float>(gauss.normal());
  const auto scorer = make_factor_scorer(std::as_const(users).view(), std::as_const(songs).view());
  const std::vector<Metric> metrics{{MetricKind::mrr, 0}, {MetricKind::auc, 0}, {MetricKind::ndcg, 100}};
  const auto statistics = song_statistics(random.split.train.plays.view());
  const Evaluation result = evaluate(*scorer, random.split, statistics, metrics, no_progress());
  for (std::int64_t user = 0; user < 50; ++user) {
    const ReferenceRanking want(scores_of(users, songs, user), random.held_out[static_cast<std::size_t>(user)],
                                random.seen[static_cast<std::size_t>(user)]);
    // Two scores nearer than float32 tells apart may swap: none does with these seeds.
    EXPECT_NEAR(result.per_user(user, 0), want.value(metrics[0], statistics), 1e-12);
    EXPECT_NEAR(result.per_user(user, 1), want.auc, 1e-12);
    EXPECT_NEAR(result.per_user(user, 2), want.value(metrics[2], statistics), 1e-12);
  }
}

TEST(EvaluateFactors, SameBitsOnAnyNumberOfThreads) {
  const RandomSplit random(300, 900, 20, 100, 2);
  const Matrix<float> users = whole_vectors(300, 8, 9, 1), songs = whole_vectors(900, 8, 9, 2);
  const auto statistics = song_statistics(random.split.train.plays.view(), songs.view());
  const auto scorer = make_factor_scorer(users.view(), songs.view());
  const auto run = [&](int threads) {
    set_thread_count(threads);
    Evaluation result = evaluate(*scorer, random.split, statistics, all_metrics(kAt), no_progress());
    set_thread_count(0);
    return result;
  };
  const Evaluation one = run(1), three = run(3);
  EXPECT_EQ(one.means, three.means);
  EXPECT_TRUE(std::equal(one.per_user.data(), one.per_user.data() + one.per_user.rows() * one.per_user.columns(),
                         three.per_user.data()));
}

TEST(EvaluateFactors, RefusesWhatCannotBeRanked) {
  Matrix<float> users(3, 2, 1.0f), songs(40, 2, 1.0f);
  const auto make = [&] { make_factor_scorer(std::as_const(users).view(), std::as_const(songs).view()); };
  songs(33, 1) = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(message_of(make), HasSubstr("component 1 of song vector 33 is nan"));
  songs(33, 1) = 1;
  users(2, 0) = -std::numeric_limits<float>::infinity();
  EXPECT_THAT(message_of(make), HasSubstr("component 0 of user vector 2 is -inf"));
  users(2, 0) = 1e30f;
  songs(0, 0) = 1e10f;
  EXPECT_THAT(message_of(make), HasSubstr("could overflow"));
  const Matrix<float> other(40, 3, 1.0f);
  EXPECT_THAT(message_of([&] { make_factor_scorer(std::as_const(users).view(), other.view()); }),
              HasSubstr("user vectors have rank 2, song vectors 3"));
}

TEST(EvaluateSplit, RefusesWhatDoesNotFit) {
  const RandomSplit random(6, 30, 3, 5, 1);
  const auto statistics = song_statistics(random.split.train.plays.view());
  const std::vector<Metric> ndcg{{MetricKind::ndcg, 10}};
  const auto popularity = make_popularity_scorer(6, random.split.train.plays.view());
  const auto run = [&](const Split& split, const std::vector<Metric>& metrics) {
    evaluate(*popularity, split, statistics, metrics, no_progress());
  };
  EXPECT_THAT(message_of([&] { run(random.split, {}); }), HasSubstr("no metrics"));
  EXPECT_THAT(message_of([&] { run(random.split, {{MetricKind::diversity, 10}}); }), HasSubstr("needs song vectors"));
  const RandomSplit larger(7, 30, 3, 5, 1);
  EXPECT_THAT(message_of([&] { run(larger.split, ndcg); }), HasSubstr("7 × 30 songs are held out"));
  Split none = random.split;
  none.held_out = testing::pattern({{1}, {2}, {}, {3}, {4}, {5}}, 30);
  none.seen = testing::pattern({{}, {}, {}, {}, {}, {}}, 30);
  EXPECT_THAT(message_of([&] { run(none, ndcg); }), HasSubstr("user 2 of the split has no held-out song"));
  Split both = none;
  both.held_out = testing::pattern({{1}, {2}, {9}, {3}, {4}, {5}}, 30);
  both.seen = testing::pattern({{}, {}, {}, {3, 7}, {}, {}}, 30);
  EXPECT_THAT(message_of([&] { run(both, ndcg); }), HasSubstr("song 3 of user 3 of the split is held out and seen"));
  const Evaluation fine = evaluate(*popularity, random.split, statistics, ndcg, no_progress());
  EXPECT_THAT(message_of([&] { fine.mean({MetricKind::auc, 0}); }), HasSubstr("auc was not asked for"));
}

TEST(Baselines, PopularityIsByListenersThenRow) {
  Split split;
  split.users = {0, 1};
  split.train.plays = testing::pattern({{0, 3}, {3, 4}, {3, 5}}, 7);
  split.train.plays.values = {9, 1, 1, 1, 1, 0};  // plays do not count, and a skip is no listener
  split.held_out = testing::pattern({{6}, {0}}, 7);
  split.seen = testing::pattern({{0, 3}, {3, 4}}, 7);
  const auto scorer = make_popularity_scorer(2, split.train.plays.view());
  const Evaluation result = evaluate(*scorer, split, song_statistics(split.train.plays.view()),
                                     {{MetricKind::mrr, 0}, {MetricKind::recall, 4}}, no_progress());
  EXPECT_THAT(result.lists.row(0), ElementsAre(4, 1, 2, 5));
  EXPECT_THAT(result.lists.row(1), ElementsAre(0, 1, 2, 5));
  EXPECT_THAT(result.values({MetricKind::mrr, 0}), ElementsAre(1.0 / 5, 1));
}

TEST(Baselines, RandomIsAnotherOrderForEachUserAndTheSameForEachSeed) {
  const std::vector<std::int32_t> users{3, 8, 3};
  RandomSplit random(3, 5000, 1, 0, 1);
  const auto lists = [&](std::uint64_t seed) {
    const auto scorer = make_random_scorer(users, 5000, seed);
    return evaluate(*scorer, random.split, song_statistics(random.split.train.plays.view()), {{MetricKind::ndcg, 50}},
                    no_progress())
        .lists;
  };
  const Matrix<std::int32_t> one = lists(1), again = lists(1), two = lists(2);
  EXPECT_TRUE(std::ranges::equal(one.row(0), one.row(2)));  // the same user
  EXPECT_FALSE(std::ranges::equal(one.row(0), one.row(1)));
  EXPECT_FALSE(std::ranges::equal(one.row(0), two.row(0)));
  EXPECT_TRUE(std::ranges::equal(one.row(1), again.row(1)));
}

TEST(Baselines, RandomHasAnAucOfAHalf) {
  const RandomSplit random(2000, 600, 10, 10, 4);
  const auto scorer = make_random_scorer(random.split.users, 600, 1);
  const Evaluation result = evaluate(*scorer, random.split, song_statistics(random.split.train.plays.view()),
                                     {{MetricKind::auc, 0}, {MetricKind::recall, 60}}, no_progress());
  EXPECT_NEAR(result.means[0], 0.5, 0.02);  // deviation of the mean: 0.29/√11,000 = 0.003
  EXPECT_NEAR(result.means[1], 0.1, 0.02);
}

TEST(Lists, ComeInTheirOrderAndTheRestTies) {
  Split split;
  split.users = {0, 1};
  split.held_out = testing::pattern({{2, 5}, {0}}, 6);
  split.seen = testing::pattern({{4}, {}}, 6);
  split.train.plays = split.seen;
  split.train.plays.values = {1};
  Matrix<std::int32_t> lists(2, 3, -1);
  lists(0, 0) = 4, lists(0, 1) = 5, lists(0, 2) = 1;  // 4 was seen: it takes no place
  lists(1, 0) = 3;
  const auto scorer = make_list_scorer(std::as_const(lists).view(), 6);
  const Evaluation result =
      evaluate(*scorer, split, song_statistics(split.train.plays.view()),
               {{MetricKind::ndcg, 6}, {MetricKind::mrr, 0}, {MetricKind::auc, 0}}, no_progress());
  EXPECT_THAT(result.lists.row(0), ElementsAre(5, 1, 0, 2, 3, -1));
  EXPECT_THAT(result.lists.row(1), ElementsAre(3, 0, 1, 2, 4, 5));
  EXPECT_THAT(result.values({MetricKind::mrr, 0}), ElementsAre(1, 1.0 / 2));
  // User 0: 5 beats 0, 1, 3; 2 loses to 1 and ties with 0 and 3. User 1: 0 loses to 3 and ties with 1, 2, 4, 5.
  EXPECT_THAT(result.values({MetricKind::auc, 0}), ElementsAre(4.0 / 6, 2.0 / 5));
}

TEST(Lists, RefusesSongsThatAreNoneOrTwice) {
  Matrix<std::int32_t> lists(2, 3, -1);
  lists(0, 0) = 1, lists(1, 0) = 6;
  EXPECT_THAT(message_of([&] { make_list_scorer(std::as_const(lists).view(), 6); }),
              HasSubstr("list 1 has song 6; there are 6 songs"));
  lists(1, 0) = 2, lists(1, 1) = 2;
  EXPECT_THAT(message_of([&] { make_list_scorer(std::as_const(lists).view(), 6); }),
              HasSubstr("list 1 has song 2 twice"));
}

}  // namespace
}  // namespace segue::evaluate
