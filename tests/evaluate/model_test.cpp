#include "segue/evaluate/model.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "segue/als/trainer.hpp"
#include "segue/core/error.hpp"
#include "segue/core/npy.hpp"
#include "segue/data/factor_table.hpp"
#include "segue/evaluate/quality_report.hpp"
#include "tests/core/temporary_directory.hpp"
#include "tests/evaluate/reference.hpp"

namespace segue::evaluate {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// 40 users stream 20 of 60 songs each; user 3 is named "u3".
struct World {
  World() {
    data::ListenLog log;
    for (std::int32_t user = 0; user < 40; ++user) {
      Random random(1, static_cast<std::uint64_t>(user));
      for (int i = 0; i < 25; ++i) {
        log.user.push_back(user);
        log.song.push_back(static_cast<std::int32_t>((random.below(30) + static_cast<std::uint32_t>(user % 2) * 30)));
        log.timestamp.push_back(data::ListenLog::kUnknownTime);
        log.ms_played.push_back(data::ListenLog::kUnknownDuration);
      }
      users.add(fmt::format("u{}", user));
    }
    for (int song = 0; song < 60; ++song)
      songs.add(fmt::format("s{}", song));
    split = make_split(log, 40, 60, {}, {.k = 3, .min_songs = 8}, no_progress());
  }
  data::IdTable users, songs;
  Split split;
};

TEST(TrainAls, IsTheTrainingOfTheEngine) {
  const World world;
  const als::Options options{.rank = 4, .iterations = 3};
  const FactorModel model = train_als(Device::cpu(), world.split, {.als = options}, no_progress());
  const data::Csr by_song = data::transpose(world.split.train.strength.view());
  const als::TrainResult want = als::train(Device::cpu(), world.split.train.strength.view(), by_song.view(),
                                           {.als = options}, {}, "", no_progress());
  EXPECT_EQ(model.loss, want.loss);
  EXPECT_TRUE(std::equal(model.songs.data(), model.songs.data() + 60 * 4, want.factors.songs.data()));
  for (std::int64_t row = 0; row < model.users.rows(); ++row)
    EXPECT_TRUE(std::ranges::equal(model.users.row(row),
                                   want.factors.users.view().row(world.split.users[static_cast<std::size_t>(row)])));
  EXPECT_TRUE(model.curve.empty());
}

TEST(TrainAls, TheCurveEndsWhereTheEvaluationDoes) {
  const World world;
  const SongStatistics songs = song_statistics(world.split.train.plays.view());
  const Metric metric{MetricKind::ndcg, 10};
  const FactorModel model =
      train_als(Device::cpu(), world.split,
                {.als = {.rank = 4, .iterations = 3}, .after_each = &metric, .songs = &songs}, no_progress());
  ASSERT_EQ(model.curve.size(), 3u);
  const auto scorer = make_factor_scorer(model.users.view(), model.songs.view());
  EXPECT_EQ(model.curve.back(), evaluate(*scorer, world.split, songs, {metric}, no_progress()).means[0]);
}

TEST(TrainAls, AShareOfThePairsIsAnotherModel) {
  const World world;
  const auto loss = [&](double share) {
    return train_als(Device::cpu(), world.split, {.als = {.rank = 4, .iterations = 2}, .share = share}, no_progress())
        .loss.back();
  };
  EXPECT_EQ(loss(0.5), loss(0.5));
  EXPECT_LT(loss(0.25), loss(0.75));  // fewer pairs, less to explain
}

TEST(ReadFactors, AreTakenByIdAndWhatIsMissingGetsZeros) {
  const World world;
  const TemporaryDirectory directory;
  data::IdTable users, songs;  // in another order, one of each missing
  Matrix<float> user_vectors(39, 2), song_vectors(59, 2);
  for (std::int32_t i = 0; i < 39; ++i) {
    users.add(fmt::format("u{}", 39 - i));
    user_vectors(i, 0) = static_cast<float>(39 - i), user_vectors(i, 1) = 1;
  }
  for (std::int32_t i = 0; i < 59; ++i) {
    songs.add(fmt::format("s{}", 59 - i));
    song_vectors(i, 0) = static_cast<float>(59 - i), song_vectors(i, 1) = 1;
  }
  data::write_factor_table(directory.path(), "users", std::as_const(user_vectors).view(), users);
  data::write_factor_table(directory.path(), "songs", std::as_const(song_vectors).view(), songs);
  const FactorModel model = read_factors(directory.path(), world.split, world.users, world.songs);
  EXPECT_EQ(model.songs_without_vector, 1);
  EXPECT_EQ(model.users_without_vector, std::ranges::count(world.split.users, 0));
  EXPECT_THAT(model.songs.row(0), ElementsAre(0, 0));
  EXPECT_THAT(model.songs.row(17), ElementsAre(17, 1));
  for (std::size_t i = 0; i < world.split.users.size(); ++i)
    EXPECT_EQ(model.users(static_cast<std::int64_t>(i), 0), static_cast<float>(world.split.users[i]));

  data::IdTable others;
  for (int song = 0; song < 60; ++song)
    others.add(fmt::format("x{}", song));
  try {
    read_factors(directory.path(), world.split, world.users, others);
    FAIL() << "nothing was thrown";
  } catch (const BadInput& error) {
    EXPECT_THAT(error.what(), HasSubstr("0 of the 60 songs: its ids are others"));
  }
}

TEST(WriteSplit, ReadsBack) {
  const World world;
  const TemporaryDirectory directory;
  write_split(directory.path() / "split", world.split, world.users, world.songs);
  const auto folder = directory.path() / "split";
  EXPECT_EQ(data::read_csr(folder, "held_out").indices, world.split.held_out.indices);
  EXPECT_EQ(data::read_csr(folder, "seen").offsets, world.split.seen.offsets);
  EXPECT_EQ(data::read_csr(folder, "strength").values, world.split.train.strength.values);
  EXPECT_EQ(read_npy_vector<std::int32_t>(folder / "evaluated.npy"), world.split.users);
  EXPECT_EQ(data::read_ids(folder / "users.ids.tsv").size(), 40);
  EXPECT_FALSE(std::filesystem::exists(folder / "fold_in.shape.npy"));
}

TEST(WorstUsers, AreLowestThenThoseWithMostSongs) {
  Split split;
  split.seen = testing::pattern({{0}, {0, 1, 2}, {0, 1}, {3}}, 5);
  Evaluation evaluation;
  evaluation.metrics = {{MetricKind::ndcg, 10}};
  evaluation.per_user = Matrix<double>(4, 1, 0.0);
  evaluation.per_user(3, 0) = 0.5;
  EXPECT_THAT(worst_users(evaluation, split, {MetricKind::ndcg, 10}, 3), ElementsAre(1, 2, 0));
  EXPECT_EQ(worst_users(evaluation, split, {MetricKind::ndcg, 10}, 30).size(), 4u);
}

TEST(Consumption, IsThatOfTheSongsSeen) {
  Split split;
  split.seen = testing::pattern({{0, 1}, {1}}, 3);
  split.train.plays = testing::pattern({{0, 1}, {1}, {1}}, 3);
  split.train.plays.values.assign(4, 1);
  const SongStatistics songs = song_statistics(split.train.plays.view());
  const Consumption consumed = consumption(split, songs);
  EXPECT_DOUBLE_EQ(consumed.popularity, ((1.5 / 3 + 2.5 / 3) / 2 + 2.5 / 3) / 2);
  EXPECT_DOUBLE_EQ(consumed.long_tail, 0);  // 1 has 3 of 4 pairs, so 0 is needed for 80%
}

}  // namespace
}  // namespace segue::evaluate
