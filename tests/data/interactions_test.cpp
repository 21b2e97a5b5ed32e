#include "segue/data/interactions.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <tuple>

#include "segue/core/error.hpp"
#include "segue/core/random.hpp"
#include "tests/data/test_files.hpp"

namespace segue::data {
namespace {

using test::message_of;
using test::Threads;
using testing::ElementsAre;
using testing::FloatEq;
using testing::IsEmpty;

constexpr std::int64_t kDay = 86400;

struct Row {
  std::int32_t user, song;
  std::int64_t timestamp;
  std::int32_t ms_played;
  std::int32_t count = 1;
};

ListenLog log_of(const std::vector<Row>& rows) {
  ListenLog log;
  for (const Row& row : rows) {
    log.user.push_back(row.user);
    log.song.push_back(row.song);
    log.timestamp.push_back(row.timestamp);
    log.ms_played.push_back(row.ms_played);
    log.count.push_back(row.count);
  }
  return log;
}

Interactions build(const std::vector<Row>& rows, std::int64_t users, std::int64_t songs,
                   const InteractionOptions& options = {}) {
  return build_interactions(log_of(rows), users, songs, options, no_progress());
}

TEST(Interactions, StreamsAndSkips) {
  const Interactions made =
      build({{1, 2, 100, 30000}, {1, 2, 50, 29999}, {1, 0, 70, 200000}, {1, 2, 60, ListenLog::kUnknownDuration}}, 3, 4);
  EXPECT_EQ(made.streams, 3);
  EXPECT_EQ(made.skips, 1);
  EXPECT_EQ(made.first_timestamp, 50);
  EXPECT_EQ(made.last_timestamp, 100);
  EXPECT_EQ(made.plays.rows, 3);
  EXPECT_EQ(made.plays.columns, 4);
  EXPECT_THAT(made.plays.offsets, ElementsAre(0, 0, 2, 2));
  EXPECT_THAT(made.plays.indices, ElementsAre(0, 2));
  EXPECT_THAT(made.plays.values, ElementsAre(1, 2));
  EXPECT_THAT(made.strength.indices, ElementsAre(0, 2));
  EXPECT_THAT(made.strength.values, ElementsAre(FloatEq(1), FloatEq(1.9f)));
}

TEST(Interactions, MoreSkipsThanStreamsAreNegativeAndZeroIsNone) {
  std::vector<Row> rows{{0, 0, 1, 40000}, {0, 1, 1, 40000}, {1, 0, 1, 40000}, {1, 1, 1, 0}};
  for (int i = 0; i < 10; ++i)
    rows.push_back({0, 1, 1 + i, 0});  // 1 − 10 · 0.1 = 0
  const Interactions made = build(rows, 2, 2);
  EXPECT_THAT(made.plays.values, ElementsAre(1, 1, 1, 0));
  EXPECT_THAT(made.strength.offsets, ElementsAre(0, 1, 3));
  EXPECT_THAT(made.strength.indices, ElementsAre(0, 0, 1));
  EXPECT_THAT(made.strength.values, ElementsAre(FloatEq(1), FloatEq(1), FloatEq(-0.1f)));
}

TEST(Interactions, CountsArePlays) {
  const Interactions made = build({{0, 0, 1, 40000, 7}, {0, 0, 1, 10, 20}}, 1, 1);
  EXPECT_EQ(made.streams, 7);
  EXPECT_EQ(made.skips, 20);
  EXPECT_THAT(made.plays.values, ElementsAre(7));
  EXPECT_THAT(made.strength.values, ElementsAre(FloatEq(5)));
}

TEST(Interactions, HalfLifeCountsFromTheLastListen) {
  const std::vector<Row> rows{{0, 0, 100 * kDay, 40000},
                              {0, 1, 90 * kDay, 40000},
                              {0, 2, 80 * kDay, 40000},
                              {0, 3, ListenLog::kUnknownTime, 40000}};
  const Interactions made = build(rows, 1, 4, {.half_life_days = 10});
  EXPECT_THAT(made.strength.values, ElementsAre(1, 0.5f, 0.25f, 1));
  EXPECT_EQ(made.first_timestamp, 80 * kDay);
}

TEST(Interactions, LogConfidence) {
  const Interactions made = build({{0, 0, 1, 40000, 3}, {0, 1, 1, 40000}, {0, 1, 1, 0, 30}}, 1, 2,
                                  {.confidence = Confidence::log, .log_epsilon = 0.5});
  EXPECT_THAT(made.strength.values, ElementsAre(FloatEq(std::log(7.0f)), FloatEq(-std::log(5.0f))));
}

TEST(Interactions, WithoutTimesBothEndsAreZero) {
  const Interactions made = build({{0, 0, ListenLog::kUnknownTime, 40000}}, 1, 1, {.half_life_days = 1});
  EXPECT_EQ(made.first_timestamp, 0);
  EXPECT_EQ(made.last_timestamp, 0);
  EXPECT_THAT(made.strength.values, ElementsAre(1));
}

TEST(Interactions, NothingFromNothing) {
  for (const auto& [users, songs] : {std::pair{0, 0}, std::pair{3, 0}, std::pair{3, 5}}) {
    const Interactions made = build({}, users, songs);
    EXPECT_EQ(made.plays.offsets.size(), static_cast<std::size_t>(users) + 1);
    EXPECT_NO_THROW(check_csr(made.plays.view(), "plays"));
    EXPECT_NO_THROW(check_csr(made.strength.view(), "strength"));
    EXPECT_EQ(made.strength.nonzeros(), 0);
  }
}

TEST(Interactions, MinimaTakeSongsFirstThenUsersOnce) {
  // Song 1 has one listener and goes; user 1 then has one stream left and goes; song 0 keeps user 0 all the same.
  const std::vector<Row> rows{{0, 0, 1, 40000}, {0, 0, 2, 40000}, {1, 0, 1, 40000}, {1, 1, 1, 40000}};
  const Interactions made = build(rows, 2, 2, {.min_user_streams = 2, .min_song_listeners = 2});
  EXPECT_THAT(made.strength.offsets, ElementsAre(0, 1, 1));
  EXPECT_THAT(made.strength.indices, ElementsAre(0));
  EXPECT_THAT(made.strength.values, ElementsAre(2));
  EXPECT_THAT(made.plays.offsets, ElementsAre(0, 1, 3));  // all there
}

TEST(Interactions, WhoOnlySkipsIsNotTrainedOn) {
  const Interactions made = build({{0, 0, 1, 10}, {1, 0, 1, 40000}, {1, 1, 1, 10}}, 2, 2);
  EXPECT_THAT(made.strength.offsets, ElementsAre(0, 0, 1));
  EXPECT_THAT(build({{0, 0, 1, 10}}, 1, 1, {.min_user_streams = 0, .min_song_listeners = 0}).strength.values,
              ElementsAre(FloatEq(-0.1f)));
}

TEST(Interactions, OptionsOutOfRangeAreRefused) {
  const auto refused = [](const InteractionOptions& options) {
    return message_of<InvalidArgument>([&] { build({}, 1, 1, options); });
  };
  EXPECT_EQ(refused({.stream_ms = -1}), "stream_ms: -1 is not in 0–86400000");
  EXPECT_EQ(refused({.skip_weight = -0.5}), "skip_weight: -0.5 is not in 0–1000");
  EXPECT_EQ(refused({.half_life_days = std::numeric_limits<double>::quiet_NaN()}),
            "half_life_days: nan is not in 0–1000000");
  EXPECT_EQ(refused({.log_epsilon = 0}), "log_epsilon: 0 is not in 1e-06–1000000");
  EXPECT_EQ(refused({.min_song_listeners = -1}), "min_song_listeners: -1 is not in 0–1000000000");
  EXPECT_EQ(refused({.min_user_streams = -1}), "min_user_streams: -1 is not in 0–1000000000");
}

TEST(Interactions, RowsOutsideTheShapeAreRefused) {
  EXPECT_EQ(message_of<InvalidArgument>([] {
              build({{0, 0, 1, 1}, {1, 2, 1, 1}}, 2, 2);
            }),
            "the log has 2 users and 3 songs; the matrix is to be 2 × 2");
  EXPECT_EQ(message_of<InvalidArgument>([] { build({{-1, 0, 1, 1}}, 2, 2); }), "listen 0 is of user -1 and song 0");
  ListenLog log = log_of({{0, 0, 1, 1}});
  log.timestamp.clear();
  EXPECT_EQ(message_of<InvalidArgument>([&] { build_interactions(log, 1, 1, {}, no_progress()); }),
            "the log's columns differ in length");
}

TEST(Interactions, DuplicatesCountOnce) {
  const std::int64_t none = ListenLog::kUnknownTime;
  const Interactions timed = build({{0, 0, 100, 40000},
                                    {0, 1, 100, 40000},
                                    {0, 0, 100, 40000},
                                    {0, 0, 100, 40001},
                                    {0, 0, 101, 40000},
                                    {0, 0, 100, 40000}},
                                   1, 2);
  EXPECT_EQ(timed.listens, 6);
  EXPECT_EQ(timed.duplicates, 2);
  EXPECT_THAT(timed.plays.values, ElementsAre(3, 1));
  ListenLog log = log_of({{0, 0, none, 40000}, {0, 0, none, 40000}});
  log.count.clear();
  const Interactions untimed = build_interactions(log, 1, 1, {}, no_progress());
  EXPECT_EQ(untimed.duplicates, 0);  // two rows are two plays
  EXPECT_THAT(untimed.plays.values, ElementsAre(2));
  log.count = {7, 7};
  const Interactions counted = build_interactions(log, 1, 1, {}, no_progress());
  EXPECT_EQ(counted.duplicates, 1);
  EXPECT_THAT(counted.plays.values, ElementsAre(7));
}

bool same(const Csr& a, const Csr& b) {
  return a.rows == b.rows && a.columns == b.columns && a.offsets == b.offsets && a.indices == b.indices &&
         a.values == b.values;
}

// Against the definition, by way of maps and in double.
struct Case {
  std::int64_t rows, users, songs;
  InteractionOptions options;
};

struct Pair {
  double streams = 0, streamed = 0, skipped = 0;
};

std::vector<Row> random_rows(const Case& shape) {
  Random random(21);
  std::vector<Row> rows;
  for (std::int64_t i = 0; i < shape.rows; ++i) {
    const double popular = random.uniform(), active = random.uniform();
    rows.push_back(
        {.user = static_cast<std::int32_t>(static_cast<double>(shape.users) * active * active),
         .song = static_cast<std::int32_t>(static_cast<double>(shape.songs) * popular * popular),
         .timestamp = random.below(20) == 0 ? ListenLog::kUnknownTime : 1300000000 + random.below(100 * kDay),
         .ms_played =
             random.below(20) == 0 ? ListenLog::kUnknownDuration : static_cast<std::int32_t>(random.below(60000)),
         .count = 1 + static_cast<std::int32_t>(random.below(3))});
  }
  return rows;
}

class AgainstMaps : public testing::TestWithParam<Case> {};

TEST_P(AgainstMaps, AnyNumberOfThreads) {
  const auto& [count, users, songs, options] = GetParam();
  const std::vector<Row> rows = random_rows(GetParam());
  std::int64_t last = 0;
  for (const Row& row : rows)
    last = std::max(last, row.timestamp);
  std::map<std::pair<std::int32_t, std::int32_t>, Pair> pairs;
  std::set<std::tuple<std::int32_t, std::int32_t, std::int64_t, std::int32_t, std::int32_t>> seen;
  for (const Row& row : rows) {
    if (!seen.emplace(row.user, row.song, row.timestamp, row.ms_played, row.count).second)
      continue;
    Pair& pair = pairs[{row.user, row.song}];
    const bool stream = row.ms_played == ListenLog::kUnknownDuration || row.ms_played >= options.stream_ms;
    const double age_days =
        row.timestamp == ListenLog::kUnknownTime ? 0 : static_cast<double>(last - row.timestamp) / kDay;
    const double decay = options.half_life_days > 0 ? std::pow(0.5, age_days / options.half_life_days) : 1;
    pair.streams += stream ? row.count : 0;
    (stream ? pair.streamed : pair.skipped) += row.count * decay;
  }
  std::map<std::int32_t, int> listeners;
  for (const auto& [place, pair] : pairs)
    listeners[place.second] += pair.streams > 0;
  std::map<std::int32_t, double> user_streams;
  for (const auto& [place, pair] : pairs)
    user_streams[place.first] += listeners[place.second] >= options.min_song_listeners ? pair.streams : 0;

  for (const int threads : {1, 2, 4}) {
    const Threads scope(threads);
    const Interactions made = build(rows, users, songs, options);
    ASSERT_NO_THROW(check_csr(made.plays.view(), "plays"));
    ASSERT_NO_THROW(check_csr(made.strength.view(), "strength"));
    std::size_t at = 0, trained = 0;
    for (const auto& [place, pair] : pairs) {
      const auto user = static_cast<std::size_t>(place.first);
      ASSERT_LE(made.plays.offsets[user], static_cast<std::int64_t>(at));
      ASSERT_GT(made.plays.offsets[user + 1], static_cast<std::int64_t>(at));
      ASSERT_EQ(made.plays.indices[at], place.second);
      ASSERT_EQ(made.plays.values[at++], pair.streams);
      if (listeners[place.second] < options.min_song_listeners || user_streams[place.first] < options.min_user_streams)
        continue;
      double r = pair.streamed - options.skip_weight * pair.skipped;
      if (static_cast<float>(r) == 0)
        continue;
      if (options.confidence == Confidence::log)
        r = std::copysign(std::log(1 + std::abs(r) / options.log_epsilon), r);
      ASSERT_LT(trained, made.strength.indices.size());
      ASSERT_LE(made.strength.offsets[user], static_cast<std::int64_t>(trained));
      ASSERT_GT(made.strength.offsets[user + 1], static_cast<std::int64_t>(trained));
      ASSERT_EQ(made.strength.indices[trained], place.second);
      // Each term was rounded to a float: 2⁻²⁴ of it; r itself once more.
      const double bound = 0x1p-23 * (pair.streamed + options.skip_weight * pair.skipped + std::abs(r)) /
                           std::min(1.0, options.log_epsilon);
      ASSERT_NEAR(made.strength.values[trained++], r, bound);
    }
    EXPECT_EQ(made.plays.indices.size(), at);
    EXPECT_EQ(made.strength.indices.size(), trained);
    EXPECT_LT(trained, at);  // the case does filter
  }
}

TEST_P(AgainstMaps, SpilledToDiskAndInAnyOrder) {
  const auto& [count, users, songs, options] = GetParam();
  std::vector<Row> rows = random_rows(GetParam());
  rows.insert(rows.end(), rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(rows.size() / 3));
  const Interactions want = build(rows, users, songs, options);
  Random random(5);
  std::shuffle(rows.begin(), rows.end(), random);
  for (const std::int64_t memory_bytes : {count * 6, count, std::int64_t{1}}) {
    const test::TempFolder folder;
    InteractionsBuilder builder(options, memory_bytes, folder.path());
    for (std::size_t begin = 0; begin < rows.size(); begin += 777)
      builder.add(log_of({rows.begin() + static_cast<std::ptrdiff_t>(begin),
                          rows.begin() + static_cast<std::ptrdiff_t>(std::min(rows.size(), begin + 777))}));
    EXPECT_TRUE(builder.spilled() || count < 1000);
    const InteractionTotals totals = builder.write(users, songs, folder.path(), no_progress());
    EXPECT_TRUE(same(read_csr(folder.path(), "plays"), want.plays));
    EXPECT_TRUE(same(read_csr(folder.path(), "strength"), want.strength));
    EXPECT_EQ(totals.streams, want.streams);
    EXPECT_EQ(totals.skips, want.skips);
    EXPECT_EQ(totals.duplicates, want.duplicates);
    EXPECT_EQ(totals.pairs, want.pairs);
    EXPECT_EQ(totals.heard, want.heard);
    EXPECT_EQ(totals.last_timestamp, want.last_timestamp);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Cases, AgainstMaps,
    testing::Values(Case{200, 7, 11, {.min_user_streams = 50}}, Case{5000, 1, 900, {.skip_weight = 0.25}},
                    Case{5000, 4000, 1, {.half_life_days = 30, .min_user_streams = 2}},
                    Case{100000, 500, 3000, {.skip_weight = 0, .half_life_days = 15, .min_song_listeners = 6}},
                    Case{150000,
                         20000,
                         2000,
                         {.half_life_days = 40,
                          .confidence = Confidence::log,
                          .log_epsilon = 0.3,
                          .min_user_streams = 9,
                          .min_song_listeners = 20}}));

}  // namespace
}  // namespace segue::data
