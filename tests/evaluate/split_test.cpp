#include "segue/evaluate/split.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "segue/als/solver.hpp"
#include "segue/core/error.hpp"
#include "segue/core/parallel.hpp"
#include "segue/core/random.hpp"
#include "segue/evaluate/evaluate.hpp"

namespace segue::evaluate {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Pairs = std::set<std::pair<std::int32_t, std::int32_t>>;

constexpr std::int64_t kUsers = 60;
constexpr std::int64_t kSongs = 80;

template <class Exception, class Function>
std::string message_of(Function function) {
  try {
    function();
  } catch (const Exception& error) {
    return error.what();
  }
  return "nothing was thrown";
}

void add(data::ListenLog& log, std::int32_t user, std::int32_t song, std::int64_t time, std::int32_t ms = 100'000) {
  log.user.push_back(user);
  log.song.push_back(song);
  log.timestamp.push_back(time);
  log.ms_played.push_back(ms);
}

/// User u plays some 2u listens, a third of them skips.
data::ListenLog random_log(std::uint64_t seed = 1) {
  data::ListenLog log;
  Random random(seed);
  for (std::int32_t user = 0; user < kUsers; ++user)
    for (int i = 0; i < 2 * user; ++i)
      add(log, user, static_cast<std::int32_t>(random.below(kSongs)), 1'000'000'000 + random.below(1'000'000),
          random.below(3) == 0 ? 5'000 : 100'000);
  return log;
}

data::Interactions build(const data::ListenLog& log, const data::InteractionOptions& options = {}) {
  return data::build_interactions(log, kUsers, kSongs, options, no_progress());
}

Split split_log(const data::ListenLog& log, const SplitOptions& options) {
  return make_split(log, kUsers, kSongs, {}, options, no_progress());
}

/// Pairs of the matrix: all, or those of a value above 0.
Pairs pairs(const data::CsrView& matrix, std::span<const std::int32_t> users = {}, bool streams_only = false) {
  Pairs found;
  for (std::int64_t row = 0; row < matrix.rows; ++row)
    for (std::size_t i = 0; i < matrix.row_indices(row).size(); ++i)
      if (!streams_only || matrix.row_values(row)[i] > 0)
        found.emplace(users.empty() ? static_cast<std::int32_t>(row) : users[static_cast<std::size_t>(row)],
                      matrix.row_indices(row)[i]);
  return found;
}

bool disjoint(const Pairs& a, const Pairs& b) {
  return std::none_of(a.begin(), a.end(), [&](const auto& pair) { return b.contains(pair); });
}

/// The log without some pairs.
data::ListenLog without(const data::ListenLog& log, const Pairs& gone) {
  data::ListenLog left;
  for (std::size_t i = 0; i < log.user.size(); ++i)
    if (!gone.contains({log.user[i], log.song[i]}))
      add(left, log.user[i], log.song[i], log.timestamp[i], log.ms_played[i]);
  return left;
}

void expect_equal(const data::CsrView& a, const data::CsrView& b) {
  EXPECT_TRUE(std::ranges::equal(a.offsets, b.offsets));
  EXPECT_TRUE(std::ranges::equal(a.indices, b.indices));
  EXPECT_TRUE(std::ranges::equal(a.values, b.values));
}

void expect_consistent(const Split& split) {
  data::check_csr(split.held_out.view(), "held_out");
  data::check_csr(split.seen.view(), "seen");
  data::check_csr(split.train.strength.view(), "strength");
  data::check_csr(split.train.plays.view(), "plays");
  EXPECT_TRUE(std::is_sorted(split.users.begin(), split.users.end()));
  EXPECT_EQ(split.counts.users, static_cast<std::int64_t>(split.users.size()));
  EXPECT_EQ(split.held_out.rows, split.counts.users);
  EXPECT_EQ(split.seen.rows, split.counts.users);
  EXPECT_EQ(split.held_out.nonzeros(), split.counts.held_out);
  const Pairs held_out = pairs(split.held_out.view(), split.users);
  EXPECT_TRUE(disjoint(held_out, pairs(split.seen.view(), split.users)));
  EXPECT_TRUE(disjoint(held_out, pairs(split.train.plays.view(), {}, true)));
}

TEST(LeaveKOut, TakesKStreamedSongsOfEveryUserWithEnough) {
  const data::ListenLog log = random_log();
  const data::Interactions all = build(log);
  const Split split = make_split(all, {}, {.k = 3, .min_songs = 12});
  expect_consistent(split);
  const Pairs streamed = pairs(all.plays.view(), {}, true);
  const Pairs held_out = pairs(split.held_out.view(), split.users);
  EXPECT_TRUE(std::includes(streamed.begin(), streamed.end(), held_out.begin(), held_out.end()));
  std::map<std::int32_t, int> songs;
  for (const auto& [user, song] : streamed)
    ++songs[user];
  std::vector<std::int32_t> enough;
  for (const auto& [user, count] : songs)
    if (count >= 12)
      enough.push_back(user);
  EXPECT_EQ(split.users, enough);
  EXPECT_EQ(split.counts.users_with_few_songs, kUsers - static_cast<std::int64_t>(enough.size()));
  for (std::int64_t row = 0; row < split.held_out.rows; ++row)
    EXPECT_EQ(split.held_out.view().row_size(row), 3);
  // seen: all other streamed songs
  Pairs whole = held_out;
  whole.merge(pairs(split.seen.view(), split.users));
  std::erase_if(songs, [](const auto& entry) { return entry.second < 12; });
  EXPECT_EQ(whole.size(),
            static_cast<std::size_t>(std::accumulate(songs.begin(), songs.end(), 0,
                                                     [](int sum, const auto& entry) { return sum + entry.second; })));
}

TEST(LeaveKOut, TrainingIsWhatTheLogWithoutThePairsGives) {
  const data::ListenLog log = random_log();
  for (const Part part : {Part::test, Part::validation})
    for (const data::InteractionOptions& options :
         {data::InteractionOptions{}, data::InteractionOptions{.min_user_streams = 30, .min_song_listeners = 12}}) {
      const SplitOptions split_options{.part = part, .k = 4, .min_songs = 10};
      const Split split = make_split(build(log, options), options, split_options);
      Pairs gone = pairs(split.held_out.view(), split.users);
      if (part == Part::validation) {  // neither part is trained on
        const Split test = make_split(build(log, options), options, {.k = 4, .min_songs = 10});
        const Pairs of_test = pairs(test.held_out.view(), test.users);
        EXPECT_TRUE(disjoint(gone, of_test));
        gone.insert(of_test.begin(), of_test.end());
      }
      const data::Interactions want = build(without(log, gone), options);
      expect_equal(split.train.plays.view(), want.plays.view());
      expect_equal(split.train.strength.view(), want.strength.view());
      EXPECT_EQ(split.train.streams, want.streams);
    }
}

TEST(LeaveKOut, ValidationComesFromWhatTheTestLeft) {
  const data::Interactions all = build(random_log());
  const Split test = make_split(all, {}, {.k = 5, .min_songs = 10});
  const Split validation = make_split(all, {}, {.part = Part::validation, .k = 5, .min_songs = 10});
  expect_consistent(validation);
  EXPECT_LT(validation.users.size(), test.users.size());  // 10 songs and more after the test took 5
  EXPECT_TRUE(std::includes(test.users.begin(), test.users.end(), validation.users.begin(), validation.users.end()));
}

TEST(LeaveKOut, AUsersSongsDependOnSeedAndUserOnly) {
  const data::Interactions all = build(random_log());
  const Split one = make_split(all, {}, {.seed = 4}), again = make_split(all, {}, {.seed = 4});
  EXPECT_EQ(one.held_out.indices, again.held_out.indices);
  EXPECT_NE(one.held_out.indices, make_split(all, {}, {.seed = 5}).held_out.indices);
  // Other users' listens change nothing for the last user.
  data::ListenLog other = random_log(2);
  std::erase_if(other.user, [](std::int32_t user) { return user == kUsers - 1; });
  for (auto* column : {&other.song, &other.ms_played})
    column->resize(other.user.size());
  other.timestamp.resize(other.user.size());
  const data::ListenLog log = random_log();
  for (std::size_t i = 0; i < log.user.size(); ++i)
    if (log.user[i] == kUsers - 1)
      add(other, log.user[i], log.song[i], log.timestamp[i], log.ms_played[i]);
  const Split changed = make_split(build(other), {}, {.seed = 4});
  EXPECT_TRUE(std::ranges::equal(changed.held_out.view().row_indices(changed.held_out.rows - 1),
                                 one.held_out.view().row_indices(one.held_out.rows - 1)));
}

TEST(LeaveKOut, EverySongOfAUserIsEquallyLikely) {
  data::ListenLog log;
  for (std::int32_t song = 0; song < 12; ++song)
    add(log, 0, song, 1'000'000'000);
  const data::Interactions all = data::build_interactions(log, 1, 12, {}, no_progress());
  std::vector<int> drawn(12);
  for (std::uint64_t seed = 0; seed < 4000; ++seed)
    for (const std::int32_t song : make_split(all, {}, {.k = 3, .min_songs = 12, .seed = seed}).held_out.indices)
      ++drawn[static_cast<std::size_t>(song)];
  for (const int count : drawn)
    EXPECT_NEAR(count, 1000, 120);  // deviation 27
}

TEST(LeaveKOut, CountsSongsThatNobodyHasInTraining) {
  data::ListenLog log;
  for (std::int32_t song = 0; song < 6; ++song)
    add(log, 0, song, 1'000'000'000);
  for (std::int32_t song = 0; song < 3; ++song)
    add(log, 1, song, 1'000'000'000);
  add(log, 1, 5, 1'000'000'000, 10);  // a skip is no listener
  const data::Interactions all = data::build_interactions(log, 2, 7, {}, no_progress());
  const Split split = make_split(all, {}, {.k = 3, .min_songs = 6});
  EXPECT_THAT(split.users, ElementsAre(0));
  const auto cold = std::ranges::count_if(split.held_out.indices, [](std::int32_t song) { return song >= 3; });
  EXPECT_EQ(split.counts.unreachable, cold);
  EXPECT_EQ(split.counts.held_out, 3);
}

TEST(Strong, HeldOutUsersAreUnknownToTheModelAndGivenTheRest) {
  const data::Interactions all = build(random_log());
  SplitOptions options{.protocol = Protocol::strong, .min_songs = 5, .held_out_users = 0.2};
  const Split test = make_split(all, {}, options);
  options.part = Part::validation;
  const Split validation = make_split(all, {}, options);
  expect_consistent(test);
  expect_consistent(validation);
  EXPECT_EQ(test.users.size(), validation.users.size());
  std::vector<std::int32_t> both;
  std::ranges::set_intersection(test.users, validation.users, std::back_inserter(both));
  EXPECT_TRUE(both.empty());
  for (const std::int32_t user : test.users) {
    EXPECT_EQ(test.train.plays.view().row_size(user), 0);
    EXPECT_EQ(validation.train.plays.view().row_size(user), 0);  // the test users stay unknown
  }
  for (const std::int32_t user : validation.users) {
    EXPECT_GT(test.train.plays.view().row_size(user), 0);
    EXPECT_EQ(validation.train.plays.view().row_size(user), 0);
  }
  for (std::size_t i = 0; i < test.users.size(); ++i) {
    const auto row = static_cast<std::int64_t>(i);
    const std::int64_t wanted = test.held_out.view().row_size(row), given = test.seen.view().row_size(row);
    EXPECT_EQ(wanted, std::max<std::int64_t>(1, (wanted + given) / 5));
    EXPECT_EQ(test.fold_in.view().row_size(row), all.strength.view().row_size(test.users[i]) - wanted);
  }
  EXPECT_TRUE(disjoint(pairs(test.held_out.view()), pairs(test.fold_in.view())));
}

TEST(Time, FindsWhatIsStreamedFirstAfterTheMoment) {
  data::ListenLog log;
  const auto day = [](int n) { return std::int64_t{1'000'000'000} + n * 86'400; };
  add(log, 0, 1, day(1));
  add(log, 0, 1, day(9));       // known already
  add(log, 0, 2, day(2), 100);  // skipped before,
  add(log, 0, 2, day(9));       // streamed after: found
  add(log, 0, 3, day(8));       // exactly at the moment: after
  add(log, 0, 4, day(9), 100);  // skipped after: not to be found
  add(log, 1, 5, day(9));       // nothing before
  add(log, 2, 6, day(3));       // nothing after
  add(log, 3, 6, data::ListenLog::kUnknownTime);
  add(log, 4, 6, day(7), 100);  // only a skip before
  add(log, 4, 3, day(9));
  const SplitOptions options{.protocol = Protocol::time, .test_from = day(8)};
  const Split split = make_split(log, 5, 7, {}, options, no_progress());
  EXPECT_THAT(split.users, ElementsAre(0));
  EXPECT_THAT(split.held_out.indices, ElementsAre(2, 3));
  EXPECT_THAT(split.seen.indices, ElementsAre(1));
  EXPECT_THAT(split.train.plays.indices, ElementsAre(1, 2, 6, 6));
  EXPECT_EQ(split.counts.users_without_training, 2);
  EXPECT_EQ(split.counts.rows_without_time, 1);
  EXPECT_EQ(split.counts.unreachable, 2);  // 2 was only skipped
  EXPECT_EQ(split.counts.from, day(8));
}

TEST(Time, PartsFollowOneAnother) {
  const data::ListenLog log = random_log();
  const Split test = split_log(log, {.protocol = Protocol::time});
  const Split validation = split_log(log, {.protocol = Protocol::time, .part = Part::validation});
  expect_consistent(test);
  expect_consistent(validation);
  const auto before = [&](std::int64_t moment) {
    return std::ranges::count_if(log.timestamp, [&](std::int64_t time) { return time < moment; });
  };
  EXPECT_LT(validation.counts.from, test.counts.from);
  EXPECT_NEAR(static_cast<double>(before(test.counts.from)), 0.9 * static_cast<double>(log.size()), 5);
  EXPECT_NEAR(static_cast<double>(before(validation.counts.from)), 0.81 * static_cast<double>(log.size()), 5);
  data::ListenLog early;
  for (std::size_t i = 0; i < log.user.size(); ++i)
    if (log.timestamp[i] < validation.counts.from)
      add(early, log.user[i], log.song[i], log.timestamp[i], log.ms_played[i]);
  expect_equal(validation.train.strength.view(), build(early).strength.view());
}

TEST(Time, NeedsTimesOnBothSides) {
  data::ListenLog log;
  add(log, 0, 0, data::ListenLog::kUnknownTime);
  const auto run = [&](const SplitOptions& options) { split_log(log, options); };
  EXPECT_THAT(message_of<BadInput>([&] { run({.protocol = Protocol::time}); }), HasSubstr("no listen has a time"));
  add(log, 0, 1, 1'000'000'000);
  EXPECT_THAT(message_of<BadInput>([&] { run({.protocol = Protocol::time}); }), HasSubstr("0 listens lie before"));
  EXPECT_THAT(message_of<BadInput>([&] { run({.protocol = Protocol::time, .test_from = 1'000'000'001}); }),
              HasSubstr("1 listens lie before 2001-09-09T01:46:41Z and 0 from then on"));
  add(log, 0, 1, 1'000'000'002);
  EXPECT_THAT(message_of<BadInput>([&] { run({.protocol = Protocol::time, .test_from = 1'000'000'001}); }),
              HasSubstr("nobody who streamed before"));
  EXPECT_THAT(
      message_of<InvalidArgument>([&] { run({.protocol = Protocol::time, .test_from = 5, .validation_from = 5}); }),
      HasSubstr("expected a time before test_from"));
}

TEST(MakeSplit, ALogAndItsPairsGiveTheSame) {
  const data::ListenLog log = random_log();
  for (const Protocol protocol : {Protocol::leave_k_out, Protocol::strong}) {
    const Split a = split_log(log, {.protocol = protocol});
    const Split b = make_split(build(log), {}, {.protocol = protocol});
    EXPECT_EQ(a.users, b.users);
    expect_equal(a.held_out.view(), b.held_out.view());
    expect_equal(a.train.strength.view(), b.train.strength.view());
  }
}

TEST(MakeSplit, SaysWhatIsMissing) {
  const data::Interactions all = build(random_log());
  const auto run = [&](const SplitOptions& options) { make_split(all, {}, options); };
  EXPECT_THAT(message_of<BadInput>([&] { run({.min_songs = 79}); }),
              HasSubstr("no user has the 79 songs that evaluation needs (60 have fewer)"));
  EXPECT_THAT(message_of<InvalidArgument>([&] { run({.protocol = Protocol::time}); }), HasSubstr("needs the log"));
  EXPECT_THAT(message_of<InvalidArgument>([&] { run({.k = 0}); }), HasSubstr("k is 0"));
  EXPECT_THAT(message_of<InvalidArgument>([&] { run({.k = 5, .min_songs = 5}); }), HasSubstr("min_songs is 5"));
  EXPECT_THAT(message_of<InvalidArgument>([&] { run({.protocol = Protocol::strong, .held_out_users = 0}); }),
              HasSubstr("held_out_users is 0"));
  EXPECT_THAT(message_of<InvalidArgument>([&] { run({.protocol = Protocol::strong, .held_out_songs = 1}); }),
              HasSubstr("held_out_songs is 1"));
  EXPECT_THAT(message_of<InvalidArgument>([] { parse_protocol("leave-one-out"); }), HasSubstr("leave-k-out, time or"));
  for (const std::string_view word : {"leave-k-out", "time", "strong"})
    EXPECT_EQ(to_string(parse_protocol(word)), word);
}

TEST(EvaluatedUsers, AreTheTrainedOrTheFoldedIn) {
  const data::Interactions all = build(random_log());
  for (const Protocol protocol : {Protocol::leave_k_out, Protocol::strong}) {
    const Split split = make_split(all, {}, {.protocol = protocol});
    const data::Csr by_song = data::transpose(split.train.strength.view());
    const auto solver =
        als::make_solver(Device::cpu(), split.train.strength.view(), by_song.view(), {.rank = 4, .iterations = 2});
    solver->iterate();
    const Matrix<float> users = evaluated_users(split, *solver);
    ASSERT_EQ(users.rows(), split.counts.users);
    Matrix<float> want(kUsers, 4);
    if (protocol == Protocol::strong)
      solver->fold_in_users(split.fold_in.view(), (want = Matrix<float>(split.counts.users, 4)).view());
    else
      solver->copy_users(want.view());
    for (std::int64_t row = 0; row < users.rows(); ++row)
      EXPECT_TRUE(std::ranges::equal(
          users.row(row), want.row(protocol == Protocol::strong ? row : split.users[static_cast<std::size_t>(row)])));
  }
}

}  // namespace
}  // namespace segue::evaluate
