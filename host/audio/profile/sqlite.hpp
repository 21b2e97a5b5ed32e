#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

namespace segue::audio {

/// One SQLite file, opened for reading and writing (only for reading where it is read-only), made where there is none.
class Sqlite {
 public:
  /// @throws IoError;  BadInput  not a database
  explicit Sqlite(const std::filesystem::path& path);

  void execute(const char* sql);
  std::int64_t number(const char* sql);
  const std::filesystem::path& path() const { return path_; }
  sqlite3* handle() const { return handle_.get(); }
  /// @throws IoError;  BadInput  damaged, or no database
  [[noreturn]] void fail(std::string_view action) const;

 private:
  struct Close {
    void operator()(sqlite3* handle) const;
  };
  std::filesystem::path path_;
  std::unique_ptr<sqlite3, Close> handle_;
};

/// All or nothing: what happens between it and commit().
class Transaction {
 public:
  explicit Transaction(Sqlite& database);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Sqlite& database_;
  bool open_ = true;
};

/// A prepared statement. Parameters are bound in order, columns read in order.
class Statement {
 public:
  Statement(const Sqlite& database, const char* sql);

  void bind(std::string_view text);
  void bind(double value);  ///< not finite: NULL
  void bind(std::int64_t value);
  void bind(std::span<const float> values);  ///< little-endian float32

  /// To the next row; false: there is none, and the statement can be bound again.
  bool step();
  std::string text();
  double real(double if_null);
  std::int64_t integer();
  /// @throws BadInput  not a multiple of four bytes
  std::vector<float> floats();

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  void check(int code) const;

  const Sqlite& database_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int parameter_ = 0, column_ = 0;
};

}  // namespace segue::audio
