#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "segue/core/date.hpp"
#include "segue/core/error.hpp"
#include "segue/core/random.hpp"
#include "segue/data/listens.hpp"
#include "tests/data/test_files.hpp"

namespace segue::data {
namespace {

namespace fs = std::filesystem;
using test::message_of;
using test::TempFolder;
using test::Threads;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::int64_t k2011 = 1293840000;

struct Reading {
  ListenLog log;
  IdTable users, songs;
  std::string rejects;  // the lines of rejects.csv
};

std::vector<std::string> ids_of(const IdTable& table) {
  std::vector<std::string> ids;
  for (std::int32_t row = 0; row < table.size(); ++row)
    ids.emplace_back(table.id(row));
  return ids;
}

Reading read(const TempFolder& folder, const fs::path& path, const ListenOptions& options = {.reject_limit = 1}) {
  Reading reading;
  RejectLog rejects(folder.path() / "rejects.csv");
  reading.log = read_listens(path, options, reading.users, reading.songs, rejects, no_progress());
  rejects.commit();
  reading.rejects = folder.read("rejects.csv");
  reading.rejects.erase(0, reading.rejects.find('\n') + 1);
  for (std::size_t at; (at = reading.rejects.find(path.string())) != std::string::npos;)
    reading.rejects.erase(at, path.string().size());
  return reading;
}

Reading read_text(std::string_view text, const ListenOptions& options = {.reject_limit = 1}) {
  const TempFolder folder;
  return read(folder, folder.write("listens.csv", text), options);
}

TEST(ReadListens, RowsColumnsAndIds) {
  const Reading reading = read_text(
      "user_id,song_id,timestamp,ms_played,context\n"
      "u1,s1,2011-01-01T00:00:00Z,211500,radio\n"
      "u1,s2,2011-01-01T00:00:01Z,0,album\n"
      "u2,s1,1293840002,86400000,\n");
  EXPECT_THAT(reading.log.user, ElementsAre(0, 0, 1));
  EXPECT_THAT(reading.log.song, ElementsAre(0, 1, 0));
  EXPECT_THAT(reading.log.timestamp, ElementsAre(k2011, k2011 + 1, k2011 + 2));
  EXPECT_THAT(reading.log.ms_played, ElementsAre(211500, 0, 86400000));
  EXPECT_THAT(reading.log.count, IsEmpty());
  EXPECT_THAT(ids_of(reading.users), ElementsAre("u1", "u2"));
  EXPECT_THAT(ids_of(reading.songs), ElementsAre("s1", "s2"));
  EXPECT_EQ(reading.rejects, "");
}

TEST(ReadListens, ColumnsMayBeMissingMappedAndInAnyOrder) {
  const ListenOptions mapped{.columns = {.user = "who", .song = "what", .timestamp = "", .count = "n"}};
  const Reading reading = read_text("n\ttimestamp\twhat\twho\n3\tnever\ts\tu\n", mapped);
  EXPECT_THAT(reading.log.timestamp, ElementsAre(ListenLog::kUnknownTime));
  EXPECT_THAT(reading.log.ms_played, ElementsAre(ListenLog::kUnknownDuration));
  EXPECT_THAT(reading.log.count, ElementsAre(3));
  EXPECT_THAT(ids_of(reading.users), ElementsAre("u"));
}

struct NamedColumn {
  const char* key;
  std::string ListenColumns::*name;
};
const NamedColumn kOptionalColumns[] = {{"timestamp", &ListenColumns::timestamp},
                                        {"ms_played", &ListenColumns::ms_played},
                                        {"count", &ListenColumns::count}};

TEST(ReadListens, ColumnsThatWereNamedMustBeThere) {
  const TempFolder folder;
  const fs::path path = folder.write("l.csv", "user_id,song_id,ms\nu,s,1\n");
  for (const auto& [key, name] : kOptionalColumns) {
    ListenOptions options;
    options.columns.*name = "mss";
    EXPECT_EQ(message_of<BadInput>([&] { read(folder, path, options); }),
              path.string() + R"(: no column "mss"; there are "user_id", "song_id", "ms"; set input.columns.)" + key +
                  R"( to the one that is meant, or to "" for none)");
    options.columns.*name = "";
    EXPECT_EQ(read(folder, path, options).log.size(), 1);
  }
  EXPECT_EQ(read(folder, path).log.size(), 1);
}

TEST(ReadListens, OneColumnCannotMeanTwoThings) {
  const TempFolder folder;
  const fs::path path = folder.write("l.csv", "user_id,song_id,count\nu,s,1\n");
  ListenOptions options;
  options.columns.song = "user_id";
  EXPECT_EQ(message_of<InvalidArgument>([&] { read(folder, path, options); }),
            R"(input.columns.user and input.columns.song both name the column "user_id"; each needs its own, and an )"
            R"(optional one may be "")");
  options.columns = {};
  options.columns.ms_played = "count";
  EXPECT_EQ(message_of<InvalidArgument>([&] { read(folder, path, options); }),
            R"(input.columns.ms_played and input.columns.count both name the column "count"; each needs its own, and )"
            R"(an optional one may be "")");
  options.columns.count = "";
  EXPECT_THAT(read(folder, path, options).log.ms_played, ElementsAre(1));
}

TEST(ReadListens, RowsThatWereInTheTablesStay) {
  const TempFolder folder;
  IdTable users, songs;
  songs.add("cold");
  songs.add("s2");
  RejectLog rejects;
  const ListenLog log = read_listens(folder.write("l.csv", "user_id,song_id\nu,s1\nu,s2\nu,s3\n"), {}, users, songs,
                                     rejects, no_progress());
  EXPECT_THAT(log.song, ElementsAre(2, 1, 3));
  EXPECT_THAT(ids_of(songs), ElementsAre("cold", "s2", "s1", "s3"));
}

TEST(ReadListens, LogWithoutRowsIsEmpty) {
  for (const char* text : {"user_id,song_id", "user_id,song_id\n\n", "user_id,song_id,count\n,s,1\n"}) {
    const Reading reading = read_text(text);
    EXPECT_EQ(reading.log.size(), 0);
    EXPECT_EQ(reading.users.size(), 0);
    EXPECT_EQ(reading.songs.size(), 0);
  }
}

TEST(ReadListens, IdsMayBeQuotedAndAnyUtf8) {
  const Reading reading = read_text("user_id,song_id\n\"a,\"\"b\"\"\",Björk\n\"two\nlines\",\xf0\x9f\x8e\xb5\n");
  EXPECT_THAT(ids_of(reading.users), ElementsAre("a,\"b\"", "two\nlines"));
  EXPECT_THAT(ids_of(reading.songs), ElementsAre("Björk", "\xf0\x9f\x8e\xb5"));
}

struct BadRow {
  const char* name;
  std::string row;
  std::string reject;  // line of rejects.csv behind the file
};

class ReadListensRejects : public testing::TestWithParam<BadRow> {};

const std::string kBadId = ",\"expected an id: UTF-8, not empty\"\n";
const std::string kBadTime =
    ",\"expected a time such as 2011-01-04T06:42:34Z or seconds since 1970, from 1990-01-01 to "
    "2011-01-02T00:00:00Z\"\n";
const std::string kBadMs = ",expected whole milliseconds from 0 to 86400000 (24 hours)\n";
const std::string kBadCount = ",expected a whole number of plays from 1 to 1000000000\n";

TEST_P(ReadListensRejects, WithColumnValueAndReason) {
  const ListenOptions options{.reject_limit = 1, .latest_timestamp = k2011 + 86400};
  const Reading reading = read_text(
      "user_id,song_id,timestamp,ms_played,count\nu1,s1,2011-01-01,1,1\n" + GetParam().row + "\nu2,s2,2011-01-02,2,2\n",
      options);
  EXPECT_EQ(reading.rejects, ",3," + GetParam().reject);
  EXPECT_THAT(reading.log.ms_played, ElementsAre(1, 2));
  EXPECT_THAT(ids_of(reading.users), ElementsAre("u1", "u2"));  // ids of rejected rows get no row
  EXPECT_THAT(ids_of(reading.songs), ElementsAre("s1", "s2"));
}

INSTANTIATE_TEST_SUITE_P(
    Rows, ReadListensRejects,
    testing::Values(
        BadRow{"TooFewFields", "x,y,z", ",\"x,y,z\",\"expected 5 fields as in the header, there are 3\"\n"},
        BadRow{"TooManyFields", "x,y,z,1,1,", ",\"x,y,z,1,1,\",\"expected 5 fields as in the header, there are 6\"\n"},
        BadRow{"EmptyUser", ",y,2011-01-01,1,1", "user_id," + kBadId},
        BadRow{"EmptySong", "x,,2011-01-01,1,1", "song_id," + kBadId},
        BadRow{"UserNotUtf8", "\xff,y,2011-01-01,1,1", "user_id,\xff" + kBadId},
        BadRow{"SongNotUtf8", "x,caf\xe9,2011-01-01,1,1", "song_id,caf\xe9" + kBadId},
        BadRow{"NoTime", "x,y,,1,1", "timestamp," + kBadTime},
        BadRow{"NotATime", "x,y,yesterday,1,1", "timestamp,yesterday" + kBadTime},
        BadRow{"NoSuchDay", "x,y,2011-02-29,1,1", "timestamp,2011-02-29" + kBadTime},
        BadRow{"TooEarly", "x,y,1989-12-31T23:59:59Z,1,1", "timestamp,1989-12-31T23:59:59Z" + kBadTime},
        BadRow{"TooLate", "x,y,2011-01-02T00:00:01Z,1,1", "timestamp,2011-01-02T00:00:01Z" + kBadTime},
        BadRow{"NoMs", "x,y,2011-01-01,,1", "ms_played," + kBadMs},
        BadRow{"NegativeMs", "x,y,2011-01-01,-5,1", "ms_played,-5" + kBadMs},
        BadRow{"FractionOfMs", "x,y,2011-01-01,1.5,1", "ms_played,1.5" + kBadMs},
        BadRow{"LongerThanADay", "x,y,2011-01-01,86400001,1", "ms_played,86400001" + kBadMs},
        BadRow{"HugeMs", "x,y,2011-01-01,99999999999999999999,1", "ms_played,99999999999999999999" + kBadMs},
        BadRow{"NoPlay", "x,y,2011-01-01,1,0", "count,0" + kBadCount},
        BadRow{"TooManyPlays", "x,y,2011-01-01,1,1000000001", "count,1000000001" + kBadCount},
        BadRow{"NotACount", "x,y,2011-01-01,1,many", "count,many" + kBadCount},
        BadRow{
            "OpenQuote", "x,\"y,2011-01-01,1,1",
            ",\"x,\"\"y,2011-01-01,1,1\",expected the quote that opens here to be closed before a delimiter or a line "
            "end; double a quote within\n"},
        BadRow{"NulByte", std::string("x,y\0,2011-01-01,1,1", 19),
               std::string(",\"x,y\0,2011-01-01,1,1\",expected text without NUL bytes\n", 55)}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(ReadListens, WholeNumbersMayBeWrittenAsFloats) {
  const Reading reading = read_text("user_id,song_id,ms_played,count\nu,s,31000.0,2.0\n");
  EXPECT_THAT(reading.log.ms_played, ElementsAre(31000));
  EXPECT_THAT(reading.log.count, ElementsAre(2));
}

TEST(ReadListens, EveryFormOfTimeInOneFile) {
  const Reading reading = read_text(
      "user_id,song_id,timestamp\nu,s,1293840000\nu,s,1293840000000\nu,s,2011-01-01T02:00:00+02:00\n"
      "u,s,2011-01-01 00:00\nu,s,1293840000.0\nu,s,1293840000000000\n");
  EXPECT_THAT(reading.log.timestamp, testing::Each(k2011));
  EXPECT_EQ(reading.log.size(), 6);
}

// Appends to the file when the reader first reports.
class Writer : public Progress {
 public:
  explicit Writer(fs::path file) : file_(std::move(file)) {}
  void start(std::string_view, std::int64_t, std::string_view) override {}
  void advance(std::int64_t) override {
    if (!std::exchange(done_, true))
      std::ofstream(file_, std::ios::app) << "u,late\n";
  }
  void note(std::string_view) override {}
  void finish() override {}

 private:
  fs::path file_;
  bool done_ = false;
};

TEST(ReadListens, AFileThatChangesIsNotBelieved) {
  const TempFolder folder;
  std::string text = "user_id,song_id\n";
  for (int i = 0; i < 200000; ++i)
    text += "u,s\n";
  const fs::path path = folder.write("l.csv", text);
  ListenOptions options;
  options.format.block_bytes = 100;
  IdTable users, songs;
  RejectLog rejects;
  Writer writer(path);
  EXPECT_EQ(message_of<BadInput>([&] { read_listens(path, options, users, songs, rejects, writer); }),
            path.string() +
                ": was changed while it was read (it had 800016 bytes, now 800023); wait until it is "
                "written, or read a copy");
}

TEST(ReadListens, EarliestAndLatestAreIn) {
  const ListenOptions options{.reject_limit = 0, .latest_timestamp = k2011};
  const Reading reading = read_text("user_id,song_id,timestamp\nu,s,1990-01-01\nu,s,2011-01-01T00:00:00Z\n", options);
  EXPECT_EQ(reading.log.size(), 2);
}

TEST(ReadListens, TimesFarInTheFutureAreRejectedByDefault) {
  EXPECT_EQ(read_text("user_id,song_id,timestamp\nu,s,2500-01-01\n").rejects,
            ",2,timestamp,2500-01-01,\"expected a time such as 2011-01-04T06:42:34Z or seconds since 1970, from "
            "1990-01-01 to two days from now\"\n");
}

TEST(ReadListens, OverTheLimitItStops) {
  const TempFolder folder;
  std::string text = "user_id,song_id,ms_played\n";
  for (int i = 0; i < 98; ++i)
    text += "u,s,1\n";
  text += "u,s,x\nu,s,y\n";
  const fs::path path = folder.write("l.csv", text);
  EXPECT_EQ(read(folder, path, {.reject_limit = 0.02}).log.size(), 98);
  EXPECT_EQ(
      message_of<BadInput>([&] { read(folder, path, {}); }),
      path.string() +
          ": 2 of 100 rows cannot be used (2%, the limit is 1%); the first: line 100, column ms_played, value \"x\": "
          "expected whole milliseconds from 0 to 86400000 (24 hours); correct the file, map its columns in "
          "[input.columns], or raise input.reject_limit");
  EXPECT_EQ(message_of<InvalidArgument>([&] { read(folder, path, {.reject_limit = 1.5}); }),
            "reject_limit: 1.5 is not in 0–1");
}

TEST(ReadListens, MissingColumnsAreNamed) {
  const TempFolder folder;
  const fs::path path = folder.write("l.csv", "who,song_id\nu,s\n");
  EXPECT_EQ(
      message_of<BadInput>([&] { read(folder, path); }),
      path.string() +
          ": no column \"user_id\"; there are \"who\", \"song_id\"; set input.columns.user to the one that is meant");
}

// A log with everything in it that can go wrong, as one thread and one block read it.
std::string dirty_log(int rows) {
  Random random(11);
  std::string text = "user_id,song_id,timestamp,ms_played,count\n";
  for (int i = 0; i < rows; ++i) {
    const std::string user = fmt::format("u{}", i / 20), song = fmt::format("s{}", random.below(300));
    switch (random.below(40)) {
      case 0:
        text += "\r\n";
        break;
      case 1:
        text += fmt::format("{},{},never,1,1\n", user, song);
        break;
      case 2:
        text += fmt::format("{},\"{},2011-01-01,1,1\n", user, song);
        break;
      case 3:
        text += "only\n";
        break;
      case 4:
        text += fmt::format("\"{}\nx\",\"{}\"\"\",2011-01-01,1,1\n", user, song);
        break;
      default:
        text += fmt::format("{},{},{},{},{}\n", user, song, format_timestamp(k2011 + random.below(1000000)),
                            random.below(400000), 1 + random.below(3));
    }
  }
  return text;
}

TEST(ReadListens, IsTheSameForAnyThreadsAndBlocks) {
  const TempFolder folder;
  const fs::path path = folder.write("l.csv", dirty_log(4000));
  ListenOptions options{.reject_limit = 1};
  options.format.block_bytes = 1 << 24;
  const Reading want = [&] {
    const Threads one(1);
    return read(folder, path, options);
  }();
  EXPECT_GT(want.log.size(), 3000);
  EXPECT_GT(std::count(want.rejects.begin(), want.rejects.end(), '\n'), 200);
  for (const int threads : {1, 2, 3}) {
    for (const std::int64_t block_bytes : {100, 1000, 10000}) {
      const Threads scope(threads);
      options.format.block_bytes = block_bytes;
      const Reading got = read(folder, path, options);
      EXPECT_EQ(got.log.user, want.log.user);
      EXPECT_EQ(got.log.song, want.log.song);
      EXPECT_EQ(got.log.timestamp, want.log.timestamp);
      EXPECT_EQ(got.log.ms_played, want.log.ms_played);
      EXPECT_EQ(got.log.count, want.log.count);
      EXPECT_EQ(ids_of(got.users), ids_of(want.users));
      EXPECT_EQ(ids_of(got.songs), ids_of(want.songs));
      EXPECT_EQ(got.rejects, want.rejects);
    }
  }
}

class Recorder : public Progress {
 public:
  void start(std::string_view task, std::int64_t total, std::string_view unit) override {
    started = std::string(task) + " " + std::to_string(total) + " " + std::string(unit);
  }
  void advance(std::int64_t amount) override { sum += amount; }
  void note(std::string_view) override {}
  void finish() override { ++finished; }
  std::string started;
  std::int64_t sum = 0;
  int finished = 0;
};

TEST(ReadListens, ReportsBytesOfTheFile) {
  const TempFolder folder;
  const fs::path path = folder.write("listens.csv.gz", test::gzip(dirty_log(1000)));
  Recorder progress;
  IdTable users, songs;
  RejectLog rejects;
  ListenOptions options{.reject_limit = 1};
  options.format.block_bytes = 500;
  read_listens(path, options, users, songs, rejects, progress);
  const auto bytes = static_cast<std::int64_t>(fs::file_size(path));
  EXPECT_EQ(progress.started, "read listens.csv.gz " + std::to_string(bytes) + " bytes");
  EXPECT_EQ(progress.sum, bytes);
  EXPECT_EQ(progress.finished, 1);
}

}  // namespace
}  // namespace segue::data
