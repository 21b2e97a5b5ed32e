#include "segue/audio/profile_store.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "host/audio/profile/sqlite.hpp"
#include "segue/core/error.hpp"

namespace segue::audio {
namespace {

constexpr std::int64_t kApplication = 0x53655070;  // "SePp": `file` and others tell by it what the database is
constexpr std::int64_t kVersion = 1;

// A rollback journal, not WAL: the store stays one file that can be copied, also on a network drive or read-only, and a
// reader waits for a writer only while a batch is committed.
constexpr char kTable[] =
    "CREATE TABLE profiles(id TEXT PRIMARY KEY NOT NULL, path TEXT NOT NULL, sha256 TEXT NOT NULL, model TEXT NOT NULL,"
    " seconds REAL NOT NULL, tempo REAL NOT NULL, tempo_confidence REAL NOT NULL, second_tempo REAL NOT NULL,"
    " second_tempo_confidence REAL NOT NULL, key INTEGER NOT NULL, mode INTEGER NOT NULL, key_confidence REAL NOT NULL,"
    " mode_confidence REAL NOT NULL, time_signature INTEGER NOT NULL, time_signature_confidence REAL NOT NULL,"
    " loudness REAL, loudness_range REAL NOT NULL, true_peak REAL, embedding BLOB NOT NULL,"
    " sound_group INTEGER NOT NULL) STRICT";

constexpr char kPut[] = "REPLACE INTO profiles VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";

constexpr double kMinusInfinity = -std::numeric_limits<double>::infinity();

void put_row(Statement& statement, const StoredProfile& stored) {
  const SongProfile& profile = stored.profile;
  for (const std::string* text : {&stored.id, &stored.path, &stored.sha256, &stored.model})
    statement.bind(std::string_view(*text));
  for (const double value : {profile.seconds, profile.tempo, profile.tempo_confidence, profile.second_tempo,
                             profile.second_tempo_confidence})
    statement.bind(value);
  statement.bind(std::int64_t{profile.key});
  statement.bind(std::int64_t{profile.mode});
  statement.bind(profile.key_confidence);
  statement.bind(profile.mode_confidence);
  statement.bind(std::int64_t{profile.time_signature});
  statement.bind(profile.time_signature_confidence);
  statement.bind(profile.loudness.integrated_lufs);
  statement.bind(profile.loudness.range_lu);
  statement.bind(profile.loudness.true_peak_dbtp);
  statement.bind(std::span<const float>(profile.embedding));
  statement.bind(std::int64_t{stored.group});
  statement.step();
}

StoredProfile get_row(Statement& row) {
  StoredProfile stored;
  for (std::string* text : {&stored.id, &stored.path, &stored.sha256, &stored.model})
    *text = row.text();
  SongProfile& profile = stored.profile;
  for (double* value : {&profile.seconds, &profile.tempo, &profile.tempo_confidence, &profile.second_tempo,
                        &profile.second_tempo_confidence})
    *value = row.real(0);
  profile.key = static_cast<int>(row.integer());
  profile.mode = static_cast<int>(row.integer());
  profile.key_confidence = row.real(0);
  profile.mode_confidence = row.real(0);
  profile.time_signature = static_cast<int>(row.integer());
  profile.time_signature_confidence = row.real(0);
  profile.loudness.integrated_lufs = row.real(kMinusInfinity);
  profile.loudness.range_lu = row.real(0);
  profile.loudness.true_peak_dbtp = row.real(kMinusInfinity);
  profile.embedding = row.floats();
  stored.group = static_cast<std::int32_t>(row.integer());
  return stored;
}

/// @throws BadInput  a store, but of another version
bool is_store(Sqlite& database) {
  if (database.number("PRAGMA application_id") != kApplication)
    return false;
  if (const std::int64_t version = database.number("PRAGMA user_version"); version != kVersion)
    throw BadInput(
        fmt::format("{}: a store of version {}; this Segue reads version {}: use a newer one, or another file",
                    database.path().string(), version, kVersion));
  return true;
}

/// @throws BadInput  the file has something in it
void make_store(Sqlite& database) {
  if (database.number("PRAGMA application_id") != 0 || database.number("SELECT count(*) FROM sqlite_schema") != 0)
    throw BadInput(
        fmt::format("{}: a database of another program; name a file that `segue analyze --store` wrote, or a new one",
                    database.path().string()));
  database.execute(kTable);
  database.execute(fmt::format("PRAGMA user_version = {}; PRAGMA application_id = {}", kVersion, kApplication).c_str());
}

}  // namespace

struct ProfileStore::Database {
  explicit Database(const std::filesystem::path& path) : sqlite(path) {
    if (is_store(sqlite))
      return;
    Transaction transaction(sqlite);  // of two that make the same store, one waits and finds it
    if (!is_store(sqlite))
      make_store(sqlite);
    transaction.commit();
  }
  mutable Sqlite sqlite;
};

ProfileStore::ProfileStore(std::unique_ptr<Database> database) : database_(std::move(database)) {}
ProfileStore::~ProfileStore() = default;
ProfileStore::ProfileStore(ProfileStore&&) noexcept = default;
ProfileStore& ProfileStore::operator=(ProfileStore&&) noexcept = default;

ProfileStore ProfileStore::open(const std::filesystem::path& path) {
  return ProfileStore(std::make_unique<Database>(path));
}

void ProfileStore::put(const std::vector<StoredProfile>& profiles) {
  Transaction transaction(database_->sqlite);
  Statement statement(database_->sqlite, kPut);
  for (const StoredProfile& profile : profiles)
    put_row(statement, profile);
  transaction.commit();
}

std::optional<StoredProfile> ProfileStore::get(const std::string& id) const {
  Statement statement(database_->sqlite, "SELECT * FROM profiles WHERE id = ?");
  statement.bind(std::string_view(id));
  if (!statement.step())
    return std::nullopt;
  return get_row(statement);
}

std::vector<StoredProfile> ProfileStore::all() const {
  Statement statement(database_->sqlite, "SELECT * FROM profiles ORDER BY id");
  std::vector<StoredProfile> profiles;
  while (statement.step())
    profiles.push_back(get_row(statement));
  return profiles;
}

std::int64_t ProfileStore::size() const {
  return database_->sqlite.number("SELECT count(*) FROM profiles");
}

}  // namespace segue::audio
