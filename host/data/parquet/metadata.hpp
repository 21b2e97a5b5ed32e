#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace segue::data::parquet {

// The parts of parquet.thrift (Apache Parquet 2.12) that reading flat columns needs. Numbers that the format may add to
// stay numbers until they are used.

enum class Physical { boolean, int32, int64, int96, float32, float64, byte_array, fixed_byte_array };
enum class Repetition { required, optional, repeated };
enum class Converted {
  utf8,
  map,
  map_key_value,
  list,
  enumeration,
  decimal,
  date,
  time_millis,
  time_micros,
  timestamp_millis,
  timestamp_micros,
  uint8,
  uint16,
  uint32,
  uint64,
  int8,
  int16,
  int32,
  int64,
  json,
  bson,
  interval
};
/// The logical types, by their field in the union.
enum class Logical {
  none = 0,
  string = 1,
  map = 2,
  list = 3,
  enumeration = 4,
  decimal = 5,
  date = 6,
  time = 7,
  timestamp = 8,
  integer = 10,
  unknown = 11,
  json = 12,
  bson = 13,
  uuid = 14,
  float16 = 15
};
enum class Codec { uncompressed, snappy, gzip, lzo, brotli, lz4, zstd, lz4_raw };
enum class Encoding {
  plain = 0,
  plain_dictionary = 2,
  rle = 3,
  bit_packed = 4,
  delta_binary_packed = 5,
  delta_length_byte_array = 6,
  delta_byte_array = 7,
  rle_dictionary = 8,
  byte_stream_split = 9
};
enum class PageType { data, index, dictionary, data_v2 };

struct SchemaElement {
  std::optional<Physical> physical;  ///< none: a group of `children`
  std::int32_t type_length = 0;      ///< bytes, of fixed_byte_array
  Repetition repetition = Repetition::required;
  std::string name;
  std::int32_t children = 0;
  std::optional<Converted> converted;
  Logical logical = Logical::none;
  std::int32_t scale = 0;             ///< of a decimal
  std::int64_t units_per_second = 0;  ///< of a logical timestamp
  bool is_signed = true;              ///< of a logical integer
};

struct ColumnChunk {
  Physical physical{};
  Codec codec{};
  std::int64_t data_page_offset = 0;
  std::int64_t dictionary_page_offset = 0;  ///< 0: none, or it stands at data_page_offset
  bool encrypted = false;
  bool in_another_file = false;
};

struct RowGroup {
  std::vector<ColumnChunk> columns;  ///< in the order of the schema's leaves
  std::int64_t rows = 0;
};

struct FileMetadata {
  std::vector<SchemaElement> schema;  ///< depth first
  std::vector<RowGroup> groups;
};

struct PageHeader {
  PageType type{};
  std::int64_t header_bytes = 0;
  std::int64_t bytes = 0;  ///< after the header, as stored
  std::int64_t uncompressed_bytes = 0;
  std::optional<std::uint32_t> crc;
  std::int64_t values = 0;  ///< nulls among them
  Encoding encoding{};
  Encoding level_encoding = Encoding::rle;
  std::int64_t definition_bytes = 0;  ///< data_v2
  std::int64_t repetition_bytes = 0;  ///< data_v2
  bool compressed = true;             ///< data_v2
};

/// Where the pages end and the footer begins, and what it says, of a whole file.
struct Footer {
  std::size_t begin = 0;
  FileMetadata metadata;
};

/// @throws Damage  no Parquet file, cut short, encrypted, or a damaged footer
Footer read_footer(std::string_view file);
/// The header that `bytes` begin with.  @throws Damage
PageHeader read_page_header(std::string_view bytes);

}  // namespace segue::data::parquet
