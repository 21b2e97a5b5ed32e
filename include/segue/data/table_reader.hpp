#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace segue::data {

/// A CSV or TSV file: RFC 4180 with a header row; plain, gzip (also of several members) or zstd (of several frames),
/// told by the content. Lines end in LF or CRLF; a BOM is skipped; blank lines are no records. A quote within an
/// unquoted field is text. Delimiter: the option's, or what the header row holds: tab, else comma or semicolon.
struct TableFormat {
  char delimiter = '\0';                        ///< '\0': from the header row
  std::int64_t block_bytes = 512 << 10;         ///< decompressed bytes parsed at a time by one thread, ≥ 1
  std::int64_t longest_record_bytes = 1 << 20;  ///< a longer one is damaged (an open quote, most often); ≥ 1
};

/// One record: its fields, unquoted, and where it stands.
struct Record {
  std::int64_t line = 0;  ///< 1-based line of its first character
  std::string_view text;  ///< as it stands in the file, without the line break at its end
  std::span<const std::string_view> fields;
};

/// What cannot be read as a record: parsing goes on at the line after the fault.
struct DamagedRecord {
  std::int64_t line = 0;    ///< of the fault: of the open quote, where it is one
  std::string_view text;    ///< from the record's first character to the end of that line
  std::string_view reason;  ///< what was expected
};

/// Some consecutive records of a file, still unparsed: one unit of parallel work.
class RecordBlock {
 public:
  /// Calls `visit` for each record and `damaged` for each that is none, in file order. The views stay valid as long as
  /// the block and until the next call. A quoted field that is not closed by a quote before a delimiter or line end,
  /// within the longest record, is damaged; so are a longer record and one with a NUL byte.
  void for_each(const std::function<void(const Record&)>& visit,
                const std::function<void(const DamagedRecord&)>& damaged);

  std::string text;                ///< decompressed; begins and ends where a record does
  std::int64_t first_line = 0;     ///< 1-based line of its first character
  std::int64_t file_position = 0;  ///< bytes of the file, as it lies on disk, read so far: for progress
  char delimiter = ',';
  std::int64_t longest_record_bytes = 1 << 20;

 private:
  std::deque<std::string> unescaped_;  // fields that held doubled quotes
};

/// Streams a table in blocks, in bounded memory. next() is called by one thread; blocks are parsed by any. Which
/// records there are, and their lines, does not depend on the block size.
class TableReader {
 public:
  /// Opens and reads the header.
  /// @throws IoError;  BadInput  for an empty file, a damaged header, a damaged gzip or zstd stream;
  /// InvalidArgument  an option out of range
  explicit TableReader(std::filesystem::path path, const TableFormat& format = {});
  ~TableReader();
  TableReader(const TableReader&) = delete;
  TableReader& operator=(const TableReader&) = delete;

  const std::filesystem::path& path() const;
  const std::vector<std::string>& header() const;
  char delimiter() const;
  std::int64_t file_bytes() const;  ///< on disk; 0 for a pipe

  /// Index of a column by name, −1 if there is none. Names compare exactly.  @throws BadInput  two have the name
  int column(std::string_view name) const;
  /// @param advice  what to do where there is none, for the message
  /// @throws BadInput  naming the file, the column wanted and those there are
  int require_column(std::string_view name, std::string_view advice = "rename the one that is meant") const;

  /// The next block, or false at the end. The block's memory is used again.  @throws IoError, BadInput
  bool next(RecordBlock& block);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Appends `field` to `out` as RFC 4180 has it: quoted when it holds the delimiter, a quote or a line break.
void append_csv_field(std::string& out, std::string_view field, char delimiter = ',');

}  // namespace segue::data
