#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace segue::data::parquet {

/// A position in a DELTA_BINARY_PACKED stream. Sums wrap around, as the format has it. Copies go on from where they
/// stand.
class DeltaCursor {
 public:
  /// @param most  values that there can be
  /// @throws Damage
  DeltaCursor(std::string_view bytes, std::int64_t most);

  std::int64_t left() const { return left_; }
  /// @throws Damage  fewer values are left, or the bytes end too early
  void read(std::span<std::int64_t> out);
  void skip(std::int64_t count);
  /// What follows the stream. All of it must have been read.
  std::string_view rest() const { return rest_; }

 private:
  std::int64_t begin(std::int64_t count);
  void begin_miniblock();
  void begin_block();
  std::uint64_t next();

  std::string_view rest_;    // after this miniblock
  std::string_view widths_;  // of the miniblocks to come in this block
  const char* packed_ = nullptr;
  std::uint64_t bit_ = 0;
  std::uint64_t value_ = 0;  // the one before
  std::uint64_t smallest_ = 0;
  std::int64_t left_ = 0;            // values, of all
  std::int64_t miniblock_left_ = 0;  // values
  std::int64_t miniblock_values_ = 0;
  std::uint64_t miniblocks_ = 0;  // of a block
  int width_ = 0;
  bool first_ = true;  // value_ is the first one, not given yet
};

}  // namespace segue::data::parquet
