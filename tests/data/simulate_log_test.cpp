#include "segue/data/simulate_log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <set>

#include "segue/core/error.hpp"
#include "segue/core/file.hpp"
#include "segue/core/text.hpp"
#include "segue/data/factor_table.hpp"
#include "segue/data/table_reader.hpp"
#include "tests/data/test_files.hpp"

namespace segue::data {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Property;
using testing::ThrowsMessage;

using Row = std::map<std::string, std::string>;

std::vector<Row> read_rows(const fs::path& path) {
  TableReader reader(path);
  std::vector<Row> rows;
  for (TableBlock block; reader.next(block);) {
    block.for_each(
        [&](const Record& record) {
          ASSERT_EQ(record.fields.size(), reader.columns().size()) << path << " line " << record.line;
          Row& row = rows.emplace_back();
          for (std::size_t i = 0; i < record.fields.size(); ++i)
            row[reader.columns()[i]] = record.fields[i];
        },
        [&](const DamagedRecord& damaged) {
          ADD_FAILURE() << path << " line " << damaged.line << ": " << damaged.reason << ": " << damaged.text;
        });
  }
  return rows;
}

struct Log {
  SimulateResult result;
  std::vector<Row> listens, songs, artists, follows;
  FactorTable user_truth, song_truth;
};

Log simulate(const SimulateOptions& options) {
  const TemporaryDirectory folder;
  Log log;
  log.result = simulate_log(folder / "log", options, no_progress());
  log.listens = read_rows(folder / "log/listens.csv");
  log.songs = read_rows(folder / "log/songs.csv");
  log.artists = read_rows(folder / "log/artists.csv");
  log.follows = read_rows(folder / "log/follows.csv");
  log.user_truth = read_factor_table(folder / "log/truth", "users");
  log.song_truth = read_factor_table(folder / "log/truth", "songs");
  return log;
}

SimulateOptions small() {
  return {.users = 300, .artists = 120, .songs = 1500, .listens = 20'000, .seed = 7, .compression = "none"};
}

const Log& small_log() {
  static const Log log = simulate(small());
  return log;
}

// The bytes of all the files below a folder, by relative path.
std::map<std::string, std::string> contents(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file())
      files[fs::relative(entry.path(), folder).string()] = read_file(entry.path());
  return files;
}

bool is_stream(const Row& listen) {
  return std::stoll(listen.at("ms_played")) >= 30'000;
}

TEST(SimulateLog, CountsAreWhatIsInTheFiles) {
  const Log& log = small_log();
  EXPECT_EQ(log.result.listens, std::ssize(log.listens));
  EXPECT_EQ(log.result.streams, std::ranges::count_if(log.listens, is_stream));
  EXPECT_EQ(log.result.follows, std::ssize(log.follows));
  EXPECT_EQ(std::ssize(log.songs), 1500);
  EXPECT_EQ(std::ssize(log.artists), 120);
  EXPECT_NEAR(static_cast<double>(log.result.listens), 20'000, 0.05 * 20'000);
}

TEST(SimulateLog, SameSeedSameBytesOnAnyNumberOfThreads) {
  for (const char* compression : {"none", "gz", "zst"}) {
    SimulateOptions options = small();
    options.compression = compression;
    std::map<std::string, std::string> first;
    for (const int threads : {1, 2, 5}) {
      const test::Threads scope(threads);
      const TemporaryDirectory folder;
      const SimulateResult result = simulate_log(folder.path(), options, no_progress());
      const std::map<std::string, std::string> files = contents(folder.path());
      EXPECT_EQ(result.bytes, std::transform_reduce(files.begin(), files.end(), std::int64_t{0}, std::plus{},
                                                    [](const auto& file) { return std::ssize(file.second); }));
      EXPECT_EQ(files.size(), 8u);
      if (first.empty())
        first = files;
      EXPECT_TRUE(files == first) << compression << ", " << threads << " threads";
    }
  }
}

TEST(SimulateLog, AnotherSeedIsAnotherLog) {
  SimulateOptions options = small();
  options.seed = 8;
  const Log other = simulate(options);
  EXPECT_NE(other.listens, small_log().listens);
  EXPECT_NE(other.songs, small_log().songs);
  EXPECT_NE(other.artists, small_log().artists);
}

TEST(SimulateLog, CompressedTablesHoldTheSame) {
  for (const std::string compression : {"gz", "zst"}) {
    SimulateOptions options = small();
    options.compression = compression;
    const TemporaryDirectory folder;
    simulate_log(folder.path(), options, no_progress());
    EXPECT_EQ(read_rows(folder.path() / ("listens.csv." + compression)), small_log().listens);
    EXPECT_EQ(read_rows(folder.path() / ("songs.csv." + compression)), small_log().songs);
    EXPECT_EQ(read_rows(folder.path() / ("artists.csv." + compression)), small_log().artists);
    EXPECT_EQ(read_rows(folder.path() / ("follows.csv." + compression)), small_log().follows);
  }
}

TEST(SimulateLog, SortedByUserThenTime) {
  const std::vector<Row>& listens = small_log().listens;
  const auto key = [](const Row& row) { return std::pair(row.at("user_id"), row.at("timestamp")); };
  EXPECT_TRUE(std::ranges::is_sorted(listens, {}, key));
  EXPECT_GE(std::ranges::min(listens, {}, [](const Row& row) { return row.at("timestamp"); }).at("timestamp"),
            "2026-01-02T00:00:00Z");
  EXPECT_EQ(
      std::ranges::max(listens, {}, [](const Row& row) { return row.at("timestamp"); }).at("timestamp").substr(0, 10),
      "2026-05-31");
}

TEST(SimulateLog, ListensAreOfReleasedSongsAndNoLongerThanThese) {
  std::map<std::string, Row> songs;
  for (const Row& song : small_log().songs)
    EXPECT_TRUE(songs.emplace(song.at("song_id"), song).second) << song.at("song_id");
  for (const Row& listen : small_log().listens) {
    ASSERT_TRUE(songs.contains(listen.at("song_id")));
    const Row& song = songs.at(listen.at("song_id"));
    EXPECT_LE(song.at("release_date"), listen.at("timestamp").substr(0, 10)) << song.at("song_id");
    EXPECT_LE(std::stoll(listen.at("ms_played")), std::stoll(song.at("duration_ms")));
    EXPECT_GE(std::stoll(listen.at("ms_played")), 1000);
  }
}

TEST(SimulateLog, ReferencesLead) {
  std::set<std::string> artists;
  for (const Row& artist : small_log().artists)
    EXPECT_TRUE(artists.insert(artist.at("artist_id")).second);
  for (const Row& song : small_log().songs)
    EXPECT_TRUE(artists.contains(song.at("artist_id"))) << song.at("artist_id");
  std::set<std::pair<std::string, std::string>> follows;
  for (const Row& follow : small_log().follows) {
    EXPECT_TRUE(artists.contains(follow.at("artist_id"))) << follow.at("artist_id");
    EXPECT_NE(small_log().user_truth.ids.find(follow.at("user_id")), IdTable::kNone);
    EXPECT_TRUE(follows.emplace(follow.at("user_id"), follow.at("artist_id")).second);
  }
  for (std::int64_t row = 0; row < small_log().song_truth.ids.size(); ++row)
    EXPECT_EQ(small_log().song_truth.ids.id(static_cast<std::int32_t>(row)),
              small_log().songs[static_cast<std::size_t>(row)].at("song_id"));
}

TEST(SimulateLog, SongsAreAsAServiceHasThem) {
  std::set<std::string> quoted;
  for (const Row& song : small_log().songs) {
    EXPECT_EQ(song.at("song_id").size(), 22u);
    EXPECT_FALSE(song.at("title").empty());
    EXPECT_TRUE(is_valid_utf8(song.at("title")));
    EXPECT_EQ(song.at("title").find('%'), std::string::npos) << song.at("title");
    for (const char* share :
         {"danceability", "energy", "speechiness", "acousticness", "instrumentalness", "liveness", "valence"})
      EXPECT_TRUE(std::stod(song.at(share)) >= 0 && std::stod(song.at(share)) <= 1) << share;
    EXPECT_TRUE(std::stod(song.at("tempo")) > 40 && std::stod(song.at("tempo")) < 220);
    EXPECT_TRUE(std::stod(song.at("loudness")) >= -60 && std::stod(song.at("loudness")) <= 0);
    EXPECT_TRUE(std::stoi(song.at("key")) >= 0 && std::stoi(song.at("key")) <= 11);
    for (const char c : song.at("title"))
      if (c == '"' || c == ',')
        quoted.insert(std::string(1, c));
  }
  EXPECT_EQ(quoted, (std::set<std::string>{",", "\""}));  // so that readers meet quoting
}

TEST(SimulateLog, NewReleasesComeUpToTheFridayAfterTheLog) {
  std::set<std::string> fridays;
  for (const Row& song : small_log().songs)
    if (song.at("release_date") >= "2026-04-10")
      fridays.insert(song.at("release_date"));
  EXPECT_TRUE(fridays.contains("2026-06-05"));
  EXPECT_EQ(*fridays.rbegin(), "2026-06-05");
  EXPECT_GE(fridays.size(), 5u);
}

TEST(SimulateLog, SkipsAreWhereTasteAndSongDisagree) {
  const Log& log = small_log();
  double sums[2] = {0, 0};
  double counts[2] = {0, 0};
  for (const Row& listen : log.listens) {
    const auto user = log.user_truth.vectors.row(log.user_truth.ids.find(listen.at("user_id")));
    const auto song = log.song_truth.vectors.row(log.song_truth.ids.find(listen.at("song_id")));
    sums[is_stream(listen)] += std::inner_product(user.begin(), user.end(), song.begin(), 0.0);
    ++counts[is_stream(listen)];
  }
  const double skipped_share = counts[0] / (counts[0] + counts[1]);
  EXPECT_GT(skipped_share, 0.15);
  EXPECT_LT(skipped_share, 0.40);
  EXPECT_GT(sums[1] / counts[1], sums[0] / counts[0] + 0.1);
}

TEST(SimulateLog, TruthIsOfUnitLength) {
  for (const FactorTable* truth : {&small_log().user_truth, &small_log().song_truth})
    for (std::int64_t row = 0; row < truth->vectors.rows(); ++row) {
      const auto vector = truth->vectors.row(row);
      EXPECT_NEAR(std::inner_product(vector.begin(), vector.end(), vector.begin(), 0.0), 1, 1e-5);
    }
  EXPECT_EQ(small_log().user_truth.vectors.rows(), 300);
  EXPECT_EQ(small_log().song_truth.vectors.columns(), 8);
}

TEST(SimulateLog, HasTheListenersThatAreHardToServe) {
  SimulateOptions options = small();
  options.users = 3000;
  options.listens = 60'000;
  const Log log = simulate(options);
  std::map<std::string, std::pair<int, int>> listens_and_streams;
  for (const Row& listen : log.listens) {
    ++listens_and_streams[listen.at("user_id")].first;
    listens_and_streams[listen.at("user_id")].second += is_stream(listen) ? 1 : 0;
  }
  std::set<std::string> only_follow;
  for (const Row& follow : log.follows)
    if (!listens_and_streams.contains(follow.at("user_id")))
      only_follow.insert(follow.at("user_id"));
  const auto users_where = [&](const auto& condition) {
    return std::ranges::count_if(listens_and_streams, [&](const auto& user) { return condition(user.second); });
  };
  EXPECT_GE(only_follow.size(), 5u);
  EXPECT_GE(users_where([](const auto& counts) { return counts.first == 1; }), 5);
  EXPECT_GE(users_where([](const auto& counts) { return counts.first > 1 && counts.second == 0; }), 5);
  EXPECT_GE(users_where([](const auto& counts) { return counts.first > 200; }), 5);
}

TEST(SimulateLog, ColdSongsAreNeverPlayed) {
  SimulateOptions options = small();
  const auto heard = [&](double cold_song_fraction) {
    options.cold_song_fraction = cold_song_fraction;
    std::set<std::string> songs;
    for (const Row& listen : simulate(options).listens)
      songs.insert(listen.at("song_id"));
    return songs.size();
  };
  EXPECT_GT(heard(0), 1000u);
  EXPECT_LT(heard(0.9), 220u);
}

TEST(SimulateLog, TheSmallestAndTheOddest) {
  for (const SimulateOptions& options : {
           SimulateOptions{.users = 1, .artists = 1, .songs = 1, .listens = 1, .taste_dimensions = 1, .days = 1},
           SimulateOptions{.users = 1, .artists = 1, .songs = 1, .listens = 120, .taste_dimensions = 1, .days = 1},
           SimulateOptions{.users = 50, .artists = 1, .songs = 40, .listens = 500, .taste_dimensions = 64, .days = 3},
           SimulateOptions{.users = 50, .artists = 40, .songs = 40, .listens = 500, .cold_song_fraction = 0.95},
           SimulateOptions{.users = 5, .artists = 4, .songs = 40, .listens = 50, .days = 12'000},
       }) {
    SimulateOptions plain = options;
    plain.compression = "none";
    const Log log = simulate(plain);
    EXPECT_GE(log.result.listens, 1);
    EXPECT_LE(log.result.listens, options.listens + options.users);
    EXPECT_EQ(std::ssize(log.songs), options.songs);
  }
}

void expect_refused(const SimulateOptions& options, const std::string& message) {
  const TemporaryDirectory folder;
  EXPECT_THAT([&] { simulate_log(folder / "log", options, no_progress()); },
              ThrowsMessage<InvalidArgument>(HasSubstr(message)));
  EXPECT_FALSE(fs::exists(folder / "log"));
}

TEST(SimulateLog, RefusesOptionsOutOfRange) {
  expect_refused({.users = 0}, "users: 0 is not in 1–2147483647");
  expect_refused({.songs = 0}, "songs: 0 is not in 1–2147483647");
  expect_refused({.artists = 11, .songs = 10}, "artists: 11 is not in 1–10 (at most one per song)");
  expect_refused({.users = 10, .listens = 9},
                 "listens: 9 is not in 10–180000 (from one per user to 120 per user and day)");
  expect_refused({.users = 10, .listens = 180'001}, "listens: 180001 is not in 10–180000");
  expect_refused({.taste_dimensions = 65}, "taste dimensions: 65 is not in 1–64");
  expect_refused({.days = 0}, "days: 0 is not in 1–36500");
  expect_refused({.days = 20'000}, "20000 days up to 2026-05-31 are not within 1990-01-01 to 2100-12-31");
  expect_refused({.cold_song_fraction = 0.96}, "cold song fraction: 0.96 is not in 0–0.95");
  expect_refused({.cold_song_fraction = std::numeric_limits<double>::quiet_NaN()}, "cold song fraction: nan");
  expect_refused({.compression = "bz2"}, "compression: \"bz2\" is none of none, gz, zst");
}

TEST(SimulateLog, RefusesWhatDoesNotFitMemory) {
  const TemporaryDirectory folder;
  const SimulateOptions options{
      .users = 2'000'000'000, .songs = 2'000'000'000, .listens = 2'000'000'000, .taste_dimensions = 64};
  EXPECT_THAT([&] { simulate_log(folder / "log", options, no_progress()); },
              ThrowsMessage<OutOfMemory>(AllOf(HasSubstr("simulate log: needs "), HasSubstr("is available"))));
  EXPECT_FALSE(fs::exists(folder / "log"));
}

TEST(SimulateLog, RefusesAFolderInUseAndLeavesItAlone) {
  const TemporaryDirectory folder;
  write_file(folder / "precious.txt", "mine");
  EXPECT_THAT([&] { simulate_log(folder.path(), small(), no_progress()); },
              ThrowsMessage<BadInput>(HasSubstr(folder.path().string() + " is not empty: name a new folder")));
  EXPECT_THAT([&] { simulate_log(folder / "precious.txt", small(), no_progress()); }, testing::Throws<IoError>());
  EXPECT_EQ(contents(folder.path()), (std::map<std::string, std::string>{{"precious.txt", "mine"}}));
}

// Fails where the disk would: somewhere in the middle.
class FailingProgress final : public Progress {
 public:
  explicit FailingProgress(std::string task) : task_(std::move(task)) {}
  void start(std::string_view task, std::int64_t, std::string_view) override {
    if (task == task_)
      throw IoError("write", "listens.csv", ENOSPC);
  }
  void advance(std::int64_t) override {}
  void note(std::string_view) override {}
  void finish() override {}

 private:
  std::string task_;
};

TEST(SimulateLog, LeavesNothingBehindWhenItFails) {
  for (const char* task : {"simulate listeners", "write songs", "write artists"}) {
    const TemporaryDirectory folder;
    fs::create_directory(folder / "was-there");
    for (const char* name : {"new", "was-there"}) {
      FailingProgress progress(task);
      EXPECT_THAT([&] { simulate_log(folder / name, small(), progress); },
                  ThrowsMessage<IoError>(HasSubstr("cannot write listens.csv: No space left on device")));
    }
    EXPECT_FALSE(fs::exists(folder / "new"));
    EXPECT_TRUE(fs::is_empty(folder / "was-there"));
  }
}

}  // namespace
}  // namespace segue::data
