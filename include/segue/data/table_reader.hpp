#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "segue/data/record_reader.hpp"

namespace segue::data {

class ByteSource;

/// A CSV or TSV file: RFC 4180; plain, gzip (also of several members), zstd (of several frames) or bzip2, told by the
/// content. Lines end in LF or CRLF; a BOM is skipped; blank lines are no records. A quote within an unquoted field is
/// text. Delimiter: the option's, or what the header row holds: tab, else comma or semicolon.
struct TableFormat {
  char delimiter = '\0';                        ///< '\0': from the header row
  bool quotes = true;                           ///< false: a quote is text like any other
  std::vector<std::string> header;              ///< of a file without a header row; then the delimiter must be given
  std::int64_t block_bytes = 512 << 10;         ///< decompressed bytes parsed at a time by one thread, ≥ 1
  std::int64_t longest_record_bytes = 1 << 20;  ///< a longer one is damaged (an open quote, most often); ≥ 1
};

/// A piece of the file that begins and ends where a record does. A quoted field that is not closed by a quote before a
/// delimiter or line end, within the longest record, is damaged; so are a longer record and one with a NUL byte.
class TableBlock final : public RecordBlock {
 public:
  void for_each(const std::function<void(const Record&)>& visit,
                const std::function<void(const DamagedRecord&)>& damaged) override;

  std::string text;             ///< decompressed
  std::int64_t first_line = 0;  ///< 1-based line of its first character
  char delimiter = ',';
  bool quotes = true;
  std::int64_t longest_record_bytes = 1 << 20;

 private:
  std::deque<std::string> unescaped_;  // fields that held doubled quotes
};

/// Streams a table. Which records there are, and their lines, does not depend on the block size.
class TableReader final : public RecordReader {
 public:
  /// Opens and reads the header.
  /// @throws IoError;  BadInput  for an empty file, a damaged header, a damaged compressed stream;
  /// InvalidArgument  an option out of range
  explicit TableReader(std::filesystem::path path, const TableFormat& format = {});
  /// The same of content that is open already; `path` is for messages.
  TableReader(std::filesystem::path path, std::unique_ptr<ByteSource> source, const TableFormat& format);
  ~TableReader() override;
  TableReader(const TableReader&) = delete;
  TableReader& operator=(const TableReader&) = delete;

  const std::filesystem::path& path() const override;
  const std::vector<std::string>& columns() const override;
  std::int64_t file_bytes() const override;
  char delimiter() const;

  std::unique_ptr<RecordBlock> make_block() const override;
  bool next(RecordBlock& block) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Appends `field` to `out` as RFC 4180 has it: quoted when it holds the delimiter, a quote or a line break.
void append_csv_field(std::string& out, std::string_view field, char delimiter = ',');

}  // namespace segue::data
