#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace segue::data::parquet {

/// `width` ≤ 64 bits from bit `bit` on, least significant first; may read kReadAhead bytes past them.
inline std::uint64_t unpack_bits(const char* bytes, std::uint64_t bit, int width) {
  const char* at = bytes + bit / 8;
  const int shift = static_cast<int>(bit % 8);
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  word >>= shift;
  if (shift + width > 64)
    word |= std::uint64_t{static_cast<std::uint8_t>(at[8])} << (64 - shift);
  return width < 64 ? word & ((std::uint64_t{1} << width) - 1) : word;
}

/// A stream of runs that its length in four bytes goes before.  @throws Damage
std::string_view sized_runs(std::string_view bytes);

/// A position in a stream of Parquet's RLE/bit-packed hybrid: levels, dictionary indices, booleans. Copies go on from
/// where they stand. Skipping takes time by runs, not values, and nothing is allocated: a run of 2³¹ values has six
/// bytes.
class HybridCursor {
 public:
  HybridCursor() = default;
  /// @param width  bits of a value, 0–32.  @throws Damage  for another
  HybridCursor(std::string_view bytes, int width);

  /// @throws Damage  the stream ends too early
  void read(std::span<std::uint32_t> out);
  void skip(std::int64_t count);
  /// Skips; how many of those skipped were `value`.
  std::int64_t skip_counting(std::int64_t count, std::uint32_t value);

 private:
  void begin_run();

  std::string_view rest_;         // after this run
  const char* packed_ = nullptr;  // a run of bit-packed values; otherwise one of `repeated_`
  std::uint64_t bit_ = 0;
  std::int64_t left_ = 0;  // values of this run
  std::uint32_t repeated_ = 0;
  int width_ = 0;
};

}  // namespace segue::data::parquet
