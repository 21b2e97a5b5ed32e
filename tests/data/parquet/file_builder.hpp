#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace segue::test {

inline std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7)
    bytes += static_cast<char>(value | 0x80);
  return bytes + static_cast<char>(value);
}

inline std::string zigzag(std::int64_t value) {
  return varint(static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63));
}

template <class T>
std::string little_endian(T value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

/// Writes a struct of Thrift's compact protocol, fields in ascending order.
class ThriftStruct {
 public:
  ThriftStruct& number(int id, std::int64_t value) { return field(id, 6, zigzag(value)); }
  ThriftStruct& boolean(int id, bool value) { return field(id, value ? 1 : 2, ""); }
  ThriftStruct& text(int id, std::string_view value) { return field(id, 8, varint(value.size()) + std::string(value)); }
  ThriftStruct& structure(int id, const ThriftStruct& value) { return field(id, 12, value.bytes()); }
  ThriftStruct& list(int id, const std::vector<ThriftStruct>& values) {
    std::string bytes = '\xfc' + varint(values.size());
    for (const ThriftStruct& value : values)
      bytes += value.bytes();
    return field(id, 9, bytes);
  }
  ThriftStruct& field(int id, int type, const std::string& value) {
    bytes_ += static_cast<char>((id - last_) << 4 | type);
    bytes_ += value;
    last_ = id;
    return *this;
  }
  std::string bytes() const { return bytes_ + '\0'; }

 private:
  std::string bytes_;
  int last_ = 0;
};

/// What parquet.thrift calls them.
enum { kBoolean = 0, kInt32 = 1, kInt64 = 2, kByteArray = 6 };
enum {
  kPlain = 0,
  kRle = 3,
  kBitPacked = 4,
  kDeltaBinaryPacked = 5,
  kDeltaLengthByteArray = 6,
  kDeltaByteArray = 7,
  kRleDictionary = 8
};

inline std::string data_page(const std::string& content, std::int64_t values, int encoding = kPlain,
                             int level_encoding = kRle) {
  ThriftStruct data;
  data.number(1, values).number(2, encoding).number(3, level_encoding).number(4, kRle);
  const auto size = static_cast<std::int64_t>(content.size());
  return ThriftStruct().number(1, 0).number(2, size).number(3, size).structure(5, data).bytes() + content;
}

inline std::string data_page_v2(const std::string& content, std::int64_t values, std::int64_t definition_bytes,
                                int encoding = kPlain) {
  ThriftStruct data;
  data.number(1, values).number(2, 0).number(3, values).number(4, encoding).number(5, definition_bytes).number(6, 0);
  const auto size = static_cast<std::int64_t>(content.size());
  return ThriftStruct().number(1, 3).number(2, size).number(3, size).structure(8, data).bytes() + content;
}

inline std::string dictionary_page(const std::string& content, std::int64_t values, int encoding = kPlain) {
  const auto size = static_cast<std::int64_t>(content.size());
  const ThriftStruct data = ThriftStruct().number(1, values).number(2, encoding);
  return ThriftStruct().number(1, 2).number(2, size).number(3, size).structure(7, data).bytes() + content;
}

inline std::string index_page() {
  return ThriftStruct().number(1, 1).number(2, 3).number(3, 3).structure(6, {}).bytes() + "xyz";
}

/// A file of one column "c" in one row group. Everything can be made wrong.
struct ParquetFile {
  int physical = kInt32;
  int repetition = 0;  // 1: optional
  int codec = 0;
  std::int64_t rows = 0;
  std::int64_t offset = 4;  // of the first page
  std::string pages;
  ThriftStruct chunk;  // fields before 3, the metadata; it becomes the chunk
  bool encrypted = false;
  ThriftStruct root = ThriftStruct().text(4, "root").number(5, 1);

  std::string bytes() const {
    const ThriftStruct leaf = ThriftStruct().number(1, physical).number(3, repetition).text(4, "c");
    const ThriftStruct metadata = ThriftStruct().number(1, physical).number(4, codec).number(9, offset);
    ThriftStruct whole_chunk = chunk;
    whole_chunk.structure(3, metadata);
    if (encrypted)
      whole_chunk.structure(8, {});
    const ThriftStruct group = ThriftStruct().list(1, {whole_chunk}).number(3, rows);
    const std::string footer =
        ThriftStruct().number(1, 1).list(2, {root, leaf}).number(3, rows).list(4, {group}).bytes();
    return with_footer(footer);
  }
  std::string with_footer(const std::string& footer) const {
    return "PAR1" + pages + footer + little_endian(static_cast<std::uint32_t>(footer.size())) + "PAR1";
  }
};

}  // namespace segue::test
