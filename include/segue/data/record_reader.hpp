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

/// One record: its fields as text, and where it stands.
struct Record {
  std::int64_t line = 0;                     ///< 1-based: the line of its first character; its number, in Parquet
  std::string_view text;                     ///< as it stands in the file, for messages; empty in Parquet
  std::span<const std::string_view> fields;  ///< one a column, unquoted, unescaped, UTF-8 as in the file
};

/// A field that the record does not have (a JSON key left out or null, a null in Parquet), as opposed to an empty one.
inline constexpr std::string_view kMissing{};
inline bool is_missing(std::string_view field) {
  return field.data() == nullptr;
}

/// What cannot be read as a record: reading goes on at the line after the fault, or at the next record.
struct DamagedRecord {
  std::int64_t line = 0;    ///< of the fault: of the open quote, where it is one
  std::string_view text;    ///< from the record's first character to the end of that line
  std::string_view reason;  ///< what was expected
  bool truncated = false;   ///< the file breaks off here: what it held behind is lost
};

/// Some consecutive records of a file, still unparsed: one unit of parallel work.
class RecordBlock {
 public:
  virtual ~RecordBlock() = default;

  /// Calls `visit` for each record and `damaged` for each that is none, in file order. The views stay valid as long as
  /// the block and until its next use.
  virtual void for_each(const std::function<void(const Record&)>& visit,
                        const std::function<void(const DamagedRecord&)>& damaged) = 0;

  std::int64_t file_position = 0;  ///< bytes of the file, as it lies on disk, read so far: for progress
};

/// Index of a column by name, −1 if there is none. Names compare exactly.
/// @param path  for the message
/// @throws BadInput  two have the name
int find_column(const std::filesystem::path& path, std::span<const std::string> names, std::string_view name);

/// Streams the records of a file in blocks, in bounded memory. next() is called by one thread; blocks are parsed by
/// any. Which records there are, and their lines, does not depend on the block size.
class RecordReader {
 public:
  virtual ~RecordReader() = default;

  virtual const std::filesystem::path& path() const = 0;
  /// What the fields of a record are called, in their order.
  virtual const std::vector<std::string>& columns() const = 0;
  virtual std::int64_t file_bytes() const = 0;  ///< on disk; 0 for a pipe

  /// A block for next(), to be used again and again.
  virtual std::unique_ptr<RecordBlock> make_block() const = 0;
  /// Fills a block that this reader made, or returns false at the end.  @throws IoError, BadInput
  virtual bool next(RecordBlock& block) = 0;

  /// find_column() of this file's.
  int column(std::string_view name) const;
  /// @param advice  what to do where there is none, for the message
  /// @throws BadInput  naming the file, the column wanted and those there are
  int require_column(std::string_view name, std::string_view advice = "rename the one that is meant") const;
};

}  // namespace segue::data
