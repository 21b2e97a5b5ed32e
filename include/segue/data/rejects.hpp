#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "segue/core/file.hpp"

namespace segue::data {

/// One row that could not be used.
struct Reject {
  std::string file;
  std::int64_t line = 0;  ///< 1-based, of the record's first line; where a quote is left open, that quote's line
  std::string column;     ///< empty: the whole row
  std::string value;      ///< as read; the log cuts it at 200 bytes
  std::string reason;     ///< what was expected
};

/// Collects rejects of all inputs into one CSV (file, line, column, value, reason). Rows arrive in file order, one file
/// after the other.
class RejectLog {
 public:
  /// Writes nothing to disk.
  RejectLog() = default;
  /// @param path  rejects.csv; written by commit(), also when there are none
  explicit RejectLog(const std::filesystem::path& path);

  void add(const Reject& reject);
  std::int64_t count() const { return count_; }
  /// The first reject of all, for messages; empty reason if there is none.
  const Reject& first() const { return first_; }
  void commit();

  /// @throws BadInput  when `rejected` of `rows` rows of `file`, the one read last, is more than `limit` (a fraction),
  /// with the file's first reject and what to do
  void check_limit(const std::string& file, std::int64_t rejected, std::int64_t rows, double limit) const;

 private:
  std::unique_ptr<AtomicFile> file_;
  std::int64_t count_ = 0;
  Reject first_;
  Reject first_of_file_;
};

}  // namespace segue::data
