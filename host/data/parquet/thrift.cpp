#include "host/data/parquet/thrift.hpp"

#include <fmt/format.h>

#include <limits>

namespace segue::data::parquet {
namespace {

constexpr int kDeepest = 64;  // structs and lists within each other; Parquet's own go 7 deep

std::uint8_t take_byte(std::string_view& bytes) {
  if (bytes.empty())
    throw Damage("it ends too early");
  const auto byte = static_cast<std::uint8_t>(bytes[0]);
  bytes.remove_prefix(1);
  return byte;
}

}  // namespace

std::uint64_t take_varint(std::string_view& bytes) {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const std::uint64_t byte = take_byte(bytes);
    if (shift == 63 && byte > 1)
      break;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80)
      return value;
  }
  throw Damage("it has a number of more than 64 bits");
}

std::int64_t take_zigzag_varint(std::string_view& bytes) {
  const std::uint64_t value = take_varint(bytes);
  return static_cast<std::int64_t>(value >> 1 ^ (0 - (value & 1)));
}

std::int64_t ThriftReader::integer(Field field) {
  if (field.type == Type::byte)
    return static_cast<std::int8_t>(take_byte(rest_));
  if (field.type != Type::i16 && field.type != Type::i32)
    expect(field, Type::i64);
  return take_zigzag_varint(rest_);
}

std::int32_t ThriftReader::integer32(Field field) {
  const std::int64_t value = integer(field);
  if (value < std::numeric_limits<std::int32_t>::min() || value > std::numeric_limits<std::int32_t>::max())
    throw Damage(fmt::format("its field {} is {}, which 32 bits do not hold", field.id, value));
  return static_cast<std::int32_t>(value);
}

bool ThriftReader::boolean(Field field) const {
  if (field.type != Type::true_value)
    expect(field, Type::false_value);
  return field.type == Type::true_value;
}

std::string_view ThriftReader::text(Field field) {
  expect(field, Type::binary);
  return take(take_varint(rest_));
}

void ThriftReader::expect(Field field, Type type) {
  if (field.type != type)
    throw Damage(fmt::format("its field {} has Thrift type {}, {} expected", field.id, static_cast<int>(field.type),
                             static_cast<int>(type)));
}

void ThriftReader::enter() {
  if (++depth_ > kDeepest)
    throw Damage(fmt::format("it is nested more than {} deep", kDeepest));
}

ThriftReader::Field ThriftReader::next_field(int id) {
  const std::uint8_t header = take_byte(rest_);
  const auto type = static_cast<Type>(header & 0x0f);
  if (type == Type::stop)
    return {};
  const std::int64_t next = header >> 4 != 0 ? id + (header >> 4) : take_zigzag_varint(rest_);
  if (next < 0 || next > std::numeric_limits<std::int16_t>::max())
    throw Damage(fmt::format("it has a field numbered {}", next));
  return {static_cast<int>(next), type};
}

std::string_view ThriftReader::take(std::uint64_t size) {
  if (size > rest_.size())
    throw Damage("it ends too early");
  const std::string_view taken = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return taken;
}

std::uint64_t ThriftReader::take_list_header(Type& element) {
  const std::uint8_t header = take_byte(rest_);
  element = static_cast<Type>(header & 0x0f);
  const std::uint64_t count = header >> 4 != 15 ? header >> 4 : take_varint(rest_);
  if (count > rest_.size())  // an element has at least one byte
    throw Damage(fmt::format("it has a list of {} elements in {} bytes", count, rest_.size()));
  return count;
}

std::uint64_t ThriftReader::list_of_structs(Field field) {
  expect(field, Type::list);
  Type element = Type::stop;
  const std::uint64_t count = take_list_header(element);
  if (count > 0)
    expect({field.id, element}, Type::structure);
  return count;
}

void ThriftReader::skip(Type type) {
  switch (type) {
    case Type::true_value:
    case Type::false_value:
      return;  // in a field, the type is the value
    case Type::byte:
      take(1);
      return;
    case Type::i16:
    case Type::i32:
    case Type::i64:
      take_varint(rest_);
      return;
    case Type::float64:
      take(8);
      return;
    case Type::uuid:
      take(16);
      return;
    case Type::binary:
      take(take_varint(rest_));
      return;
    case Type::list:
    case Type::set: {
      Type element = Type::stop;
      const std::uint64_t count = take_list_header(element);
      skip_elements(element, count);
      return;
    }
    case Type::map: {
      std::uint64_t pairs = take_varint(rest_);
      const std::uint8_t types = pairs > 0 ? take_byte(rest_) : 0;
      for (; pairs > 0; --pairs) {
        skip_elements(static_cast<Type>(types >> 4), 1);
        skip_elements(static_cast<Type>(types & 0x0f), 1);
      }
      return;
    }
    case Type::structure:
      read_struct([](Field) { return false; });
      return;
    case Type::stop:
      break;
  }
  throw Damage(fmt::format("it has a value of Thrift type {}", static_cast<int>(type)));
}

// Within lists and maps a boolean takes a byte.
void ThriftReader::skip_elements(Type type, std::uint64_t count) {
  enter();
  const bool is_boolean = type == Type::true_value || type == Type::false_value;
  for (; count > 0; --count)
    skip(is_boolean ? Type::byte : type);
  --depth_;
}

}  // namespace segue::data::parquet
