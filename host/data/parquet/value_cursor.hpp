#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "host/data/parquet/columns.hpp"
#include "host/data/parquet/delta.hpp"
#include "host/data/parquet/hybrid.hpp"
#include "host/data/parquet/text_arena.hpp"

namespace segue::data::parquet {

// One for each encoding: a position among the values of a page, nulls not among them. Copies go on from where they
// stand. read() gives each value's bytes: in the page where they stand there, otherwise in the arena.

struct PlainFixed {
  std::string_view rest;
  std::size_t width = 0;
  void read(std::span<std::string_view> out, TextArena& arena);
  void skip(std::int64_t count);
};

/// A length of four bytes before each value.
struct PlainBytes {
  std::string_view rest;
  std::string_view take();
  void read(std::span<std::string_view> out, TextArena& arena);
  void skip(std::int64_t count);
};

/// A bit a value.
struct PlainBooleans {
  std::string_view bytes;
  std::uint64_t bit = 0;
  void read(std::span<std::string_view> out, TextArena& arena);
  void skip(std::int64_t count);
};

struct RunBooleans {
  HybridCursor runs;
  void read(std::span<std::string_view> out, TextArena& arena);
  void skip(std::int64_t count);
};

struct DictionaryValues {
  HybridCursor indices;
  std::span<const std::string_view> dictionary;  // as text
  void read(std::span<std::string_view> out, TextArena& arena);
  void skip(std::int64_t count);
};

struct DeltaIntegers {
  DeltaCursor numbers;
  std::size_t width = 0;
  void read(std::span<std::string_view> out, TextArena& arena);
  void skip(std::int64_t count);
};

/// All lengths, then all bytes.
struct DeltaLengthBytes {
  DeltaLengthBytes(std::string_view bytes, std::int64_t most);
  void read(std::span<std::string_view> out, TextArena& arena);
  void skip(std::int64_t count);

  DeltaCursor lengths;
  std::string_view data;
};

/// How much each value has in common with the one before, then how each goes on.
struct DeltaBytes {
  DeltaBytes(std::string_view bytes, std::int64_t most, std::size_t value_width);
  void read(std::span<std::string_view> out, TextArena& arena);
  void skip(std::int64_t count);

  DeltaCursor prefixes;
  DeltaLengthBytes suffixes;
  std::string before;
  std::size_t width = 0;  // of each value; 0: any
};

/// First the first byte of each value, then the second of each, …
struct SplitBytes {
  std::string_view bytes;
  std::size_t width = 0;
  std::size_t next = 0;
  void read(std::span<std::string_view> out, TextArena& arena);
  void skip(std::int64_t count);
};

class ValueCursor {
 public:
  /// @param most  values that there can be
  /// @param dictionary  of the column chunk, where the encoding needs one
  /// @throws Damage  also for an encoding that the column's type does not have
  ValueCursor(const Column& column, Encoding encoding, std::string_view bytes, std::int64_t most,
              std::span<const std::string_view> dictionary);

  /// The next values as text.  @throws Damage
  void read(std::span<std::string_view> out, const Column& column, TextArena& arena);
  void skip(std::int64_t count);

 private:
  using Cursor = std::variant<PlainFixed, PlainBytes, PlainBooleans, RunBooleans, DictionaryValues, DeltaIntegers,
                              DeltaLengthBytes, DeltaBytes, SplitBytes>;
  static Cursor make(const Column& column, Encoding encoding, std::string_view bytes, std::int64_t most,
                     std::span<const std::string_view> dictionary);

  Cursor cursor_;
};

inline bool needs_dictionary(Encoding encoding) {
  return encoding == Encoding::plain_dictionary || encoding == Encoding::rle_dictionary;
}

}  // namespace segue::data::parquet
