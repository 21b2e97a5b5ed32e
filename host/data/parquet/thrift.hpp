#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "host/data/parquet/damage.hpp"

namespace segue::data::parquet {

/// Reads a varint (unsigned LEB128) off the front of `bytes`.  @throws Damage
std::uint64_t take_varint(std::string_view& bytes);
std::int64_t take_zigzag_varint(std::string_view& bytes);

/// Reads structs of Thrift's compact protocol, as Parquet's footer and page headers are. Every method throws Damage
/// where the bytes end too early or hold something of another type.
class ThriftReader {
 public:
  enum class Type : std::uint8_t {
    stop,
    true_value,
    false_value,
    byte,
    i16,
    i32,
    i64,
    float64,
    binary,
    list,
    set,
    map,
    structure,
    uuid
  };
  struct Field {
    int id = 0;
    Type type = Type::stop;
  };

  explicit ThriftReader(std::string_view bytes) : rest_(bytes), size_(bytes.size()) {}
  std::size_t position() const { return size_ - rest_.size(); }

  /// Calls take(field) for each field of the struct that begins here: it reads the value and returns true, or returns
  /// false for the value to be skipped.
  template <class Take>
  void read_struct(Take&& take) {
    enter();
    for (Field field = next_field(0); field.type != Type::stop; field = next_field(field.id))
      if (!take(field))
        skip(field.type);
    --depth_;
  }
  /// The same for a field that is a struct.
  template <class Take>
  void read_struct(Field field, Take&& take) {
    expect(field, Type::structure);
    read_struct(take);
  }
  /// Calls read() for each element of a list of structs.
  template <class Read>
  void read_structs(Field field, Read&& read) {
    for (std::uint64_t left = list_of_structs(field); left > 0; --left)
      read();
  }

  std::int64_t integer(Field field);
  std::int32_t integer32(Field field);  ///< also checks the range
  bool boolean(Field field) const;
  std::string_view text(Field field);

 private:
  static void expect(Field field, Type type);
  void enter();
  Field next_field(int id);
  std::string_view take(std::uint64_t size);
  std::uint64_t list_of_structs(Field field);
  std::uint64_t take_list_header(Type& element);
  void skip(Type type);
  void skip_elements(Type type, std::uint64_t count);

  std::string_view rest_;
  std::size_t size_;
  int depth_ = 0;
};

}  // namespace segue::data::parquet
