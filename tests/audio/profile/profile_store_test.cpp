#include "segue/audio/profile_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>

#include "segue/core/error.hpp"
#include "segue/core/file.hpp"
#include "tests/core/temporary_directory.hpp"

namespace segue::audio {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr double kMinusInfinity = -std::numeric_limits<double>::infinity();

StoredProfile example(const std::string& id) {
  StoredProfile stored;
  stored.id = id;
  stored.path = "music/" + id + ".flac";
  stored.sha256 = std::string(64, 'a');
  stored.model = std::string(64, 'b');
  SongProfile& profile = stored.profile;
  profile.seconds = 187.25;
  profile.tempo = 121.5;
  profile.tempo_confidence = 0.91;
  profile.second_tempo = 60.75;
  profile.second_tempo_confidence = 0.07;
  profile.key = 1;
  profile.mode = 0;
  profile.key_confidence = 0.8;
  profile.mode_confidence = 0.93;
  profile.time_signature = 3;
  profile.time_signature_confidence = 0.66;
  profile.loudness = {-9.7, 5.5, -0.2};
  profile.embedding = {0.25f, -0.5f, 1e-30f, 3.5f};
  stored.group = 4;
  return stored;
}

void expect_equal(const StoredProfile& got, const StoredProfile& want) {
  EXPECT_EQ(got.id, want.id);
  EXPECT_EQ(got.path, want.path);
  EXPECT_EQ(got.sha256, want.sha256);
  EXPECT_EQ(got.model, want.model);
  EXPECT_EQ(got.group, want.group);
  const SongProfile &a = got.profile, &b = want.profile;
  EXPECT_EQ(a.seconds, b.seconds);
  EXPECT_EQ(a.tempo, b.tempo);
  EXPECT_EQ(a.tempo_confidence, b.tempo_confidence);
  EXPECT_EQ(a.second_tempo, b.second_tempo);
  EXPECT_EQ(a.second_tempo_confidence, b.second_tempo_confidence);
  EXPECT_EQ(a.key, b.key);
  EXPECT_EQ(a.mode, b.mode);
  EXPECT_EQ(a.key_confidence, b.key_confidence);
  EXPECT_EQ(a.mode_confidence, b.mode_confidence);
  EXPECT_EQ(a.time_signature, b.time_signature);
  EXPECT_EQ(a.time_signature_confidence, b.time_signature_confidence);
  EXPECT_EQ(a.loudness.integrated_lufs, b.loudness.integrated_lufs);
  EXPECT_EQ(a.loudness.range_lu, b.loudness.range_lu);
  EXPECT_EQ(a.loudness.true_peak_dbtp, b.loudness.true_peak_dbtp);
  EXPECT_EQ(a.embedding, b.embedding);
}

class ProfileStoreTest : public testing::Test {
 protected:
  std::filesystem::path file() const { return folder_.path() / "profiles.sqlite"; }

  /// As any other program would, through SQLite alone.
  void run_sql(const char* sql) const {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(file().c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(database);
    sqlite3_close(database);
  }

  void expect_refused(const std::string& words) const {
    EXPECT_THAT([&] { ProfileStore::open(file()).all(); }, ThrowsMessage<BadInput>(HasSubstr(words)));
  }

  TemporaryDirectory folder_;
};

TEST_F(ProfileStoreTest, GivesBackWhatWasPut) {
  StoredProfile silent = example("silence");
  silent.profile = {};
  silent.profile.loudness = {kMinusInfinity, 0, kMinusInfinity};
  const StoredProfile odd = example("né'e\"; DROP TABLE profiles; --\n愛");
  {
    ProfileStore store = ProfileStore::open(file());
    EXPECT_EQ(store.size(), 0);
    store.put({silent, odd, example("a")});
  }
  const ProfileStore store = ProfileStore::open(file());
  EXPECT_EQ(store.size(), 3);
  expect_equal(store.get("silence").value(), silent);
  expect_equal(store.get(odd.id).value(), odd);
  EXPECT_FALSE(store.get("nobody").has_value());
  const std::vector<StoredProfile> all = store.all();
  ASSERT_EQ(all.size(), 3u);
  expect_equal(all[0], example("a"));
  expect_equal(all[1], odd);
  expect_equal(all[2], silent);
}

TEST_F(ProfileStoreTest, TheSameIdIsReplaced) {
  ProfileStore store = ProfileStore::open(file());
  store.put({example("a"), example("b")});
  StoredProfile changed = example("a");
  changed.profile.tempo = 99;
  changed.profile.embedding.clear();
  store.put({changed});
  EXPECT_EQ(store.size(), 2);
  expect_equal(store.get("a").value(), changed);
}

TEST_F(ProfileStoreTest, AnotherMayReadMeanwhile) {
  ProfileStore writer = ProfileStore::open(file());
  const ProfileStore reader = ProfileStore::open(file());
  writer.put({example("a")});
  EXPECT_EQ(reader.size(), 1);
  writer.put({example("b")});
  EXPECT_EQ(reader.size(), 2);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_.path()), {}), 1);  // one file, no journal left
}

TEST_F(ProfileStoreTest, ReadableByAnything) {
  ProfileStore::open(file()).put({example("a")});
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(file().c_str(), &database), SQLITE_OK);
  sqlite3_stmt* statement = nullptr;
  ASSERT_EQ(sqlite3_prepare_v2(database, "SELECT tempo, embedding, loudness FROM profiles WHERE key = 1", -1,
                               &statement, nullptr),
            SQLITE_OK);
  ASSERT_EQ(sqlite3_step(statement), SQLITE_ROW);
  EXPECT_EQ(sqlite3_column_double(statement, 0), 121.5);
  ASSERT_EQ(sqlite3_column_bytes(statement, 1), 16);
  const unsigned char quarter[4] = {0, 0, 0x80, 0x3e};  // 0.25 as IEEE 754, little-endian
  EXPECT_EQ(std::memcmp(sqlite3_column_blob(statement, 1), quarter, 4), 0);
  EXPECT_EQ(sqlite3_column_double(statement, 2), -9.7);
  sqlite3_finalize(statement);
  sqlite3_close(database);
}

TEST_F(ProfileStoreTest, RefusesWhatIsNoStore) {
  std::ofstream(file()) << "song,tempo\na,120\n and so on, long enough to look like a file of pages";
  expect_refused("file is not a database; expected a file that `segue analyze --store` wrote");
}

TEST_F(ProfileStoreTest, RefusesAnotherProgramsDatabase) {
  run_sql("CREATE TABLE bookmarks(url TEXT)");
  expect_refused("a database of another program");
}

TEST_F(ProfileStoreTest, RefusesANewerVersion) {
  ProfileStore::open(file());
  run_sql("PRAGMA user_version = 7");
  expect_refused("a store of version 7; this Segue reads version 1");
}

TEST_F(ProfileStoreTest, RefusesDamagedEmbeddings) {
  ProfileStore::open(file()).put({example("a")});
  run_sql("UPDATE profiles SET embedding = x'00112233445566'");
  expect_refused("an embedding of 7 bytes");
}

TEST_F(ProfileStoreTest, RefusesATruncatedFile) {
  std::vector<StoredProfile> many;
  for (int i = 0; i < 500; ++i)
    many.push_back(example("song " + std::to_string(i)));
  ProfileStore::open(file()).put(many);
  std::filesystem::resize_file(file(), std::filesystem::file_size(file()) / 2);
  EXPECT_THROW(ProfileStore::open(file()).all(), BadInput);
}

TEST_F(ProfileStoreTest, SaysWhereItCannotBeMade) {
  EXPECT_THAT([&] { ProfileStore::open(folder_.path() / "no" / "such" / "folder.sqlite"); },
              ThrowsMessage<Error>(HasSubstr("folder.sqlite: cannot open: unable to open database file")));
}

}  // namespace
}  // namespace segue::audio
