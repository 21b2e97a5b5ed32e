#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "host/data/parquet/metadata.hpp"

namespace segue::data::parquet {

/// What the values of a column are, and so how they are written as text.
enum class Kind {
  text,  ///< the bytes as they are
  int32,
  uint32,
  int64,
  uint64,
  float32,
  float64,
  timestamp,  ///< int64
  timestamp96,
  date,  ///< int32, days since 1970
  decimal,
  uuid
};

/// A leaf of the schema.
struct Column {
  std::string name;      ///< with the structs it lies in: "a.b"
  std::string unread;    ///< why it is not read; empty: it is
  std::size_t leaf = 0;  ///< its place in each row group
  Physical physical{};
  std::size_t width = 0;  ///< bytes of a value; 0 for byte_array, whose values differ, and boolean
  Kind kind = Kind::text;
  int scale = 0;                      ///< of a decimal
  std::int64_t units_per_second = 0;  ///< of a timestamp
  std::uint32_t max_level = 0;        ///< the definition level of what is there; lower: a null
};

/// The leaves, in file order.  @throws Damage  the elements are no tree
std::vector<Column> leaf_columns(std::span<const SchemaElement> schema);

}  // namespace segue::data::parquet
