#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace segue::data {

/// A CSV or TSV file: RFC 4180 with a header row; plain, gzip (also of several members) or zstd, told by the content.
/// The delimiter is the option's, or what the header row suggests: tab, comma or semicolon.
struct TableFormat {
  char delimiter = '\0';                        ///< '\0': from the header row
  std::int64_t block_bytes = 8 << 20;           ///< decompressed bytes parsed at a time by one thread
  std::int64_t longest_record_bytes = 1 << 20;  ///< a longer one is a damaged file (an open quote, most often)
};

/// One record: its fields, unquoted, and where it stands.
struct Record {
  std::int64_t line = 0;  ///< 1-based line of its first character
  std::span<const std::string_view> fields;
};

/// Some consecutive records of a file, still unparsed: one unit of parallel work.
class RecordBlock {
 public:
  /// Calls `visit` for each record of the block, in order; blank lines are skipped.
  /// A record with an open quote at the end of the file, or with text behind a closing quote, is passed to `damaged`
  /// with its line and what is wrong, and parsing goes on at the next line.
  void for_each(
      const std::function<void(const Record&)>& visit,
      const std::function<void(std::int64_t line, std::string_view text, std::string_view what)>& damaged) const;

  std::int64_t compressed_bytes_read = 0;  ///< of the file up to the end of this block, for progress

  std::string text;             ///< decompressed; begins at a record's start, ends at a record's end
  std::int64_t first_line = 0;  ///< 1-based line of its first character
  char delimiter = ',';
};

/// Streams a table in blocks, in bounded memory. next() is called by one thread; blocks are parsed by any.
class TableReader {
 public:
  /// Opens and reads the header.
  /// @throws IoError;  BadInput  for an empty file, a damaged header, NUL bytes, a damaged gzip or zstd stream
  TableReader(std::filesystem::path path, const TableFormat& format = {});
  ~TableReader();
  TableReader(const TableReader&) = delete;
  TableReader& operator=(const TableReader&) = delete;

  const std::filesystem::path& path() const;
  const std::vector<std::string>& header() const;
  std::int64_t file_bytes() const;

  /// Index of a column by name, −1 if there is none. Names compare exactly, but for a BOM before the first.
  int column(std::string_view name) const;
  /// @throws BadInput  naming the file, the column wanted and those there are
  int require_column(std::string_view name) const;

  /// The next block, or false at the end.  @throws IoError, BadInput
  bool next(RecordBlock& block);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Appends `field` to `out` as RFC 4180 has it: quoted when it holds the delimiter, a quote or a line break.
void append_csv_field(std::string& out, std::string_view field, char delimiter = ',');

}  // namespace segue::data
