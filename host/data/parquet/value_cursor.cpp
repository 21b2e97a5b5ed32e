#include "host/data/parquet/value_cursor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "host/data/parquet/damage.hpp"
#include "host/data/parquet/value_text.hpp"

namespace segue::data::parquet {
namespace {

constexpr std::int64_t kSome = 256;  // values that go through a buffer on the stack at a time

[[noreturn]] void ends_too_early() {
  throw Damage("its values end too early");
}

// body(some) for pieces of `count`.
template <class Body>
void in_pieces(std::int64_t count, Body&& body) {
  for (; count > 0; count -= kSome)
    body(static_cast<std::size_t>(std::min(count, kSome)));
}

std::string_view boolean_text(bool value) {
  return value ? "true" : "false";
}

std::string_view after(DeltaCursor all) {
  all.skip(all.left());
  return all.rest();
}

// The width of an index stands in one byte before them; nothing at all where every value is null.
HybridCursor dictionary_indices(std::string_view bytes) {
  return bytes.empty() ? HybridCursor(bytes, 0) : HybridCursor(bytes.substr(1), static_cast<std::uint8_t>(bytes[0]));
}

}  // namespace

void PlainFixed::read(std::span<std::string_view> out, TextArena&) {
  if (out.size() > rest.size() / width)
    ends_too_early();
  for (std::string_view& value : out) {
    value = {rest.data(), width};
    rest.remove_prefix(width);
  }
}

void PlainFixed::skip(std::int64_t count) {
  if (static_cast<std::uint64_t>(count) > rest.size() / width)
    ends_too_early();
  rest.remove_prefix(static_cast<std::size_t>(count) * width);
}

std::string_view PlainBytes::take() {
  std::uint32_t size = 0;
  if (rest.size() < sizeof size)
    ends_too_early();
  std::memcpy(&size, rest.data(), sizeof size);
  if (size > rest.size() - sizeof size)
    ends_too_early();
  const std::string_view value(rest.data() + sizeof size, size);
  rest.remove_prefix(sizeof size + size);
  return value;
}

void PlainBytes::read(std::span<std::string_view> out, TextArena&) {
  for (std::string_view& value : out)
    value = take();
}

void PlainBytes::skip(std::int64_t count) {
  for (; count > 0; --count)
    take();
}

void PlainBooleans::read(std::span<std::string_view> out, TextArena&) {
  if (out.size() > bytes.size() * 8 - bit)
    ends_too_early();
  for (std::string_view& value : out) {
    value = boolean_text(bytes[bit / 8] >> bit % 8 & 1);
    ++bit;
  }
}

void PlainBooleans::skip(std::int64_t count) {
  if (static_cast<std::uint64_t>(count) > bytes.size() * 8 - bit)
    ends_too_early();
  bit += static_cast<std::uint64_t>(count);
}

void RunBooleans::read(std::span<std::string_view> out, TextArena&) {
  std::array<std::uint32_t, kSome> values;
  in_pieces(static_cast<std::int64_t>(out.size()), [&](std::size_t some) {
    runs.read(std::span(values).first(some));
    std::transform(values.begin(), values.begin() + some, out.begin(), boolean_text);
    out = out.subspan(some);
  });
}

void RunBooleans::skip(std::int64_t count) {
  runs.skip(count);
}

void DictionaryValues::read(std::span<std::string_view> out, TextArena&) {
  std::array<std::uint32_t, kSome> values;
  in_pieces(static_cast<std::int64_t>(out.size()), [&](std::size_t some) {
    indices.read(std::span(values).first(some));
    for (std::size_t i = 0; i < some; ++i) {
      if (values[i] >= dictionary.size())
        throw Damage(fmt::format("it refers to entry {} of a dictionary of {}", values[i], dictionary.size()));
      out[i] = dictionary[values[i]];
    }
    out = out.subspan(some);
  });
}

void DictionaryValues::skip(std::int64_t count) {
  indices.skip(count);
}

void DeltaIntegers::read(std::span<std::string_view> out, TextArena& arena) {
  std::array<std::int64_t, kSome> values;
  in_pieces(static_cast<std::int64_t>(out.size()), [&](std::size_t some) {
    numbers.read(std::span(values).first(some));
    char* at = arena.allocate(some * width);
    for (std::size_t i = 0; i < some; ++i, at += width) {
      std::memcpy(at, &values[i], width);  // the low half of 32-bit numbers
      out[i] = {at, width};
    }
    out = out.subspan(some);
  });
}

void DeltaIntegers::skip(std::int64_t count) {
  numbers.skip(count);
}

DeltaLengthBytes::DeltaLengthBytes(std::string_view bytes, std::int64_t most)
    : lengths(bytes, most), data(after(lengths)) {}

void DeltaLengthBytes::read(std::span<std::string_view> out, TextArena&) {
  std::array<std::int64_t, kSome> values;
  in_pieces(static_cast<std::int64_t>(out.size()), [&](std::size_t some) {
    lengths.read(std::span(values).first(some));
    for (std::size_t i = 0; i < some; ++i) {
      const auto length = static_cast<std::uint64_t>(values[i]);  // a negative one is too large
      if (length > data.size())
        ends_too_early();
      out[i] = {data.data(), length};
      data.remove_prefix(length);
    }
    out = out.subspan(some);
  });
}

void DeltaLengthBytes::skip(std::int64_t count) {
  std::array<std::int64_t, kSome> values;
  in_pieces(count, [&](std::size_t some) {
    lengths.read(std::span(values).first(some));
    for (const std::int64_t length : std::span(values).first(some)) {
      if (static_cast<std::uint64_t>(length) > data.size())
        ends_too_early();
      data.remove_prefix(static_cast<std::size_t>(length));
    }
  });
}

DeltaBytes::DeltaBytes(std::string_view bytes, std::int64_t most, std::size_t value_width)
    : prefixes(bytes, most), suffixes(after(prefixes), most), width(value_width) {}

void DeltaBytes::read(std::span<std::string_view> out, TextArena& arena) {
  std::array<std::int64_t, kSome> shared;
  std::string_view last = before;
  std::span<std::string_view> left = out;
  in_pieces(static_cast<std::int64_t>(out.size()), [&](std::size_t some) {
    prefixes.read(std::span(shared).first(some));
    suffixes.read(left.first(some), arena);
    for (std::size_t i = 0; i < some; ++i) {
      const auto prefix = static_cast<std::uint64_t>(shared[i]);
      if (prefix > last.size())
        throw Damage(fmt::format("a value shares {} bytes with one of {}", shared[i], last.size()));
      const std::size_t size = prefix + left[i].size();
      if (width != 0 && size != width)
        throw Damage(fmt::format("it has a value of {} bytes, {} expected", size, width));
      char* const value = arena.allocate(size);
      std::memcpy(value, last.data(), prefix);
      std::memcpy(value + prefix, left[i].data(), left[i].size());
      last = left[i] = {value, size};
    }
    left = left.subspan(some);
  });
  before = std::string(last);
}

void DeltaBytes::skip(std::int64_t count) {
  TextArena arena;
  std::array<std::string_view, kSome> values;
  in_pieces(count, [&](std::size_t some) {
    arena.clear();
    read(std::span(values).first(some), arena);
  });
}

void SplitBytes::read(std::span<std::string_view> out, TextArena& arena) {
  const std::size_t count = bytes.size() / width;
  if (out.size() > count - next)
    ends_too_early();
  char* at = arena.allocate(out.size() * width);
  for (std::string_view& value : out) {
    for (std::size_t i = 0; i < width; ++i)
      at[i] = bytes[i * count + next];
    value = {at, width};
    at += width;
    ++next;
  }
}

void SplitBytes::skip(std::int64_t count) {
  if (static_cast<std::uint64_t>(count) > bytes.size() / width - next)
    ends_too_early();
  next += static_cast<std::size_t>(count);
}

ValueCursor::ValueCursor(const Column& column, Encoding encoding, std::string_view bytes, std::int64_t most,
                         std::span<const std::string_view> dictionary)
    : cursor_(make(column, encoding, bytes, most, dictionary)) {}

ValueCursor::Cursor ValueCursor::make(const Column& column, Encoding encoding, std::string_view bytes,
                                      std::int64_t most, std::span<const std::string_view> dictionary) {
  const Physical type = column.physical;
  const bool is_integer = type == Physical::int32 || type == Physical::int64;
  if (encoding == Encoding::plain && type == Physical::boolean)
    return PlainBooleans{bytes};
  if (encoding == Encoding::plain && type == Physical::byte_array)
    return PlainBytes{bytes};
  if (encoding == Encoding::plain)
    return PlainFixed{bytes, column.width};
  if (needs_dictionary(encoding))
    return DictionaryValues{dictionary_indices(bytes), dictionary};
  if (encoding == Encoding::rle && type == Physical::boolean)
    return RunBooleans{HybridCursor(sized_runs(bytes), 1)};
  if (encoding == Encoding::delta_binary_packed && is_integer)
    return DeltaIntegers{DeltaCursor(bytes, most), column.width};
  if (encoding == Encoding::delta_length_byte_array && type == Physical::byte_array)
    return DeltaLengthBytes(bytes, most);
  if (encoding == Encoding::delta_byte_array && (type == Physical::byte_array || type == Physical::fixed_byte_array))
    return DeltaBytes(bytes, most, column.width);
  if (encoding == Encoding::byte_stream_split && column.width > 0)
    return SplitBytes{bytes, column.width};
  throw Damage(
      fmt::format("its encoding, number {} in parquet.thrift, is not read for physical type {}; write the "
                  "file again with plain or dictionary encoding",
                  static_cast<int>(encoding), static_cast<int>(type)));
}

void ValueCursor::read(std::span<std::string_view> out, const Column& column, TextArena& arena) {
  std::visit([&](auto& cursor) { cursor.read(out, arena); }, cursor_);
  if (!std::holds_alternative<DictionaryValues>(cursor_))
    to_text(column, out, arena);
}

void ValueCursor::skip(std::int64_t count) {
  std::visit([&](auto& cursor) { cursor.skip(count); }, cursor_);
}

}  // namespace segue::data::parquet
