#include "host/audio/profile/sqlite.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <bit>
#include <cmath>
#include <cstring>

#include "segue/core/error.hpp"

namespace segue::audio {
namespace {

constexpr int kPatience = 20'000;  // ms that another process's transaction may take

static_assert(std::endian::native == std::endian::little, "embeddings are stored as they lie in memory");

}  // namespace

void Sqlite::Close::operator()(sqlite3* handle) const {
  sqlite3_close_v2(handle);
}

// Absolute, so that no name is one of SQLite's own (":memory:").
Sqlite::Sqlite(const std::filesystem::path& path) : path_(path) {
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(std::filesystem::absolute(path).c_str(), &handle,
                                   SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_EXRESCODE, nullptr);
  handle_.reset(handle);
  if (code != SQLITE_OK)
    fail("open");
  sqlite3_busy_timeout(handle, kPatience);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
}

void Sqlite::fail(std::string_view action) const {
  const int code = sqlite3_errcode(handle());
  if (code == SQLITE_NOTADB || code == SQLITE_CORRUPT)
    throw BadInput(fmt::format("{}: {}; expected a file that `segue analyze --store` wrote", path_.string(),
                               sqlite3_errmsg(handle())));
  throw Error(fmt::format("{}: cannot {}: {}", path_.string(), action, sqlite3_errmsg(handle())));
}

void Sqlite::execute(const char* sql) {
  if (sqlite3_exec(handle(), sql, nullptr, nullptr, nullptr) != SQLITE_OK)
    fail("write");
}

std::int64_t Sqlite::number(const char* sql) {
  Statement statement(*this, sql);
  return statement.step() ? statement.integer() : 0;
}

Transaction::Transaction(Sqlite& database) : database_(database) {
  database_.execute("BEGIN IMMEDIATE");
}

Transaction::~Transaction() {
  if (open_)
    sqlite3_exec(database_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void Transaction::commit() {
  database_.execute("COMMIT");
  open_ = false;
}

void Statement::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

Statement::Statement(const Sqlite& database, const char* sql) : database_(database) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(database.handle(), sql, -1, &statement, nullptr) != SQLITE_OK)
    database.fail("read");
  statement_.reset(statement);
}

void Statement::check(int code) const {
  if (code != SQLITE_OK)
    database_.fail("write");
}

void Statement::bind(std::string_view text) {
  check(sqlite3_bind_text64(statement_.get(), ++parameter_, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
}

void Statement::bind(double value) {
  ++parameter_;
  check(std::isfinite(value) ? sqlite3_bind_double(statement_.get(), parameter_, value)
                             : sqlite3_bind_null(statement_.get(), parameter_));
}

void Statement::bind(std::int64_t value) {
  check(sqlite3_bind_int64(statement_.get(), ++parameter_, value));
}

void Statement::bind(std::span<const float> values) {
  ++parameter_;  // SQLite takes a null pointer, which an empty span may hold, for NULL
  check(values.empty()
            ? sqlite3_bind_zeroblob(statement_.get(), parameter_, 0)
            : sqlite3_bind_blob64(statement_.get(), parameter_, values.data(), values.size_bytes(), SQLITE_TRANSIENT));
}

bool Statement::step() {
  parameter_ = column_ = 0;
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW)
    return true;
  if (code != SQLITE_DONE)
    database_.fail(sqlite3_stmt_readonly(statement_.get()) ? "read" : "write");
  check(sqlite3_reset(statement_.get()));
  return false;
}

std::string Statement::text() {
  const unsigned char* text = sqlite3_column_text(statement_.get(), column_);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column_));
  ++column_;
  return {reinterpret_cast<const char*>(text), size};
}

double Statement::real(double if_null) {
  const int column = column_++;
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL ? if_null
                                                                      : sqlite3_column_double(statement_.get(), column);
}

std::int64_t Statement::integer() {
  return sqlite3_column_int64(statement_.get(), column_++);
}

std::vector<float> Statement::floats() {
  const void* bytes = sqlite3_column_blob(statement_.get(), column_);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column_));
  ++column_;
  if (size % sizeof(float) != 0)
    throw BadInput(fmt::format("{}: an embedding of {} bytes; expected float32 values, four bytes each",
                               database_.path().string(), size));
  std::vector<float> values(size / sizeof(float));
  if (size > 0)
    std::memcpy(values.data(), bytes, size);
  return values;
}

}  // namespace segue::audio
