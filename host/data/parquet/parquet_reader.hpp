#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "segue/data/record_reader.hpp"

namespace segue::data {

struct ParquetFormat {
  std::int64_t block_records = 8192;  ///< records decoded at a time by one thread, ≥ 1
};

/// A file that is in memory already. The bytes must outlive the reader and its blocks.
struct ParquetBytes {
  std::filesystem::path path;  ///< for messages
  std::string_view bytes;
};

/// Flat columns of an Apache Parquet file, as pyarrow, pandas, polars, DuckDB, Spark and ClickHouse write them:
/// required and optional leaves, those of structs too ("a.b"), but none in a list or a map. Data pages v1 and v2, every
/// encoding that is in use, snappy, gzip, zstd and LZ4; no encryption, no Brotli, no LZO.
///
/// Fields are text: strings and bytes as they are; numbers in decimal; true, false; dates YYYY-MM-DD; timestamps, which
/// are taken as UTC, YYYY-MM-DDTHH:MM:SSZ, parts of a second cut off; UUIDs in hexadecimal; a null is kMissing.
/// Record::line counts the records of the file from 1, Record::text is empty. No record is damaged by itself: what is
/// wrong with a file is a BadInput, from next() or for_each(), with column, row group and page.
///
/// A block is a run of at most block_records rows within one row group. next() reads page headers only; a page is
/// decompressed once, by the first thread that wants rows of it, and is freed with the last block that has some. So
/// threads work within one row group, and memory is that of the pages and dictionaries that the blocks in use touch.
class ParquetReader final : public RecordReader {
 public:
  /// @param wanted  names of columns, at least one, which become columns() in this order
  /// @throws IoError;  BadInput  a pipe, no Parquet file, a damaged footer, a column that is not there or cannot be
  /// read;  InvalidArgument  an option out of range
  ParquetReader(const std::filesystem::path& path, std::vector<std::string> wanted, const ParquetFormat& format = {});
  ParquetReader(const ParquetBytes& file, std::vector<std::string> wanted, const ParquetFormat& format = {});
  ~ParquetReader() override;
  ParquetReader(const ParquetReader&) = delete;
  ParquetReader& operator=(const ParquetReader&) = delete;

  const std::filesystem::path& path() const override;
  const std::vector<std::string>& columns() const override;
  std::int64_t file_bytes() const override;
  std::unique_ptr<RecordBlock> make_block() const override;
  bool next(RecordBlock& block) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The columns that can be read, in file order.  @throws IoError, BadInput
std::vector<std::string> parquet_columns(const std::filesystem::path& path);
std::vector<std::string> parquet_columns(const ParquetBytes& file);

/// Whether a file that begins so is Parquet; four bytes tell.
inline bool is_parquet(std::string_view first_bytes) {
  return first_bytes.starts_with("PAR1") || first_bytes.starts_with("PARE");  // PARE: an encrypted footer
}

}  // namespace segue::data
