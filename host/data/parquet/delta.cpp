#include "host/data/parquet/delta.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "host/data/parquet/damage.hpp"
#include "host/data/parquet/hybrid.hpp"
#include "host/data/parquet/thrift.hpp"

namespace segue::data::parquet {

DeltaCursor::DeltaCursor(std::string_view bytes, std::int64_t most) : rest_(bytes) {
  constexpr std::uint64_t kLargestBlock = 1 << 20;  // writers use 128 or 2048
  const std::uint64_t block_values = take_varint(rest_);
  miniblocks_ = take_varint(rest_);
  const std::uint64_t count = take_varint(rest_);
  value_ = static_cast<std::uint64_t>(take_zigzag_varint(rest_));
  if (block_values > kLargestBlock || miniblocks_ == 0 || block_values % miniblocks_ != 0 ||
      block_values / miniblocks_ % 8 != 0 || block_values == 0)
    throw Damage(fmt::format("its deltas come in blocks of {} values by {}", block_values, miniblocks_));
  if (count > static_cast<std::uint64_t>(most))
    throw Damage(fmt::format("it has {} deltas for {} values", count, most));
  miniblock_values_ = static_cast<std::int64_t>(block_values / miniblocks_);
  left_ = static_cast<std::int64_t>(count);
}

void DeltaCursor::begin_block() {
  smallest_ = static_cast<std::uint64_t>(take_zigzag_varint(rest_));
  if (miniblocks_ > rest_.size())
    throw Damage("its deltas end too early");
  widths_ = rest_.substr(0, miniblocks_);
  rest_.remove_prefix(miniblocks_);
}

void DeltaCursor::begin_miniblock() {
  if (widths_.empty())
    begin_block();
  width_ = static_cast<std::uint8_t>(widths_[0]);
  widths_.remove_prefix(1);
  miniblock_left_ = miniblock_values_;
  packed_ = rest_.data();
  bit_ = 0;
  if (width_ > 64)
    throw Damage(fmt::format("it has deltas of {} bits", width_));
  // Some writers leave out the end of the last miniblock.
  const std::int64_t needed = (std::min(left_, miniblock_values_) * width_ + 7) / 8;
  if (static_cast<std::uint64_t>(needed) > rest_.size())
    throw Damage("its deltas end too early");
  rest_.remove_prefix(std::min(static_cast<std::size_t>(miniblock_values_ * width_ / 8), rest_.size()));
}

std::uint64_t DeltaCursor::next() {
  value_ += smallest_ + unpack_bits(packed_, bit_, width_);
  bit_ += static_cast<std::uint64_t>(width_);
  return value_;
}

// How many of the next `count` values can be had from this miniblock, a new one if it must be.
std::int64_t DeltaCursor::begin(std::int64_t count) {
  if (count > left_)
    throw Damage(fmt::format("it has {} values too few", count - left_));
  if (miniblock_left_ == 0)
    begin_miniblock();
  const std::int64_t some = std::min(count, miniblock_left_);
  miniblock_left_ -= some;
  left_ -= some;
  return some;
}

void DeltaCursor::read(std::span<std::int64_t> out) {
  if (first_ && !out.empty() && left_ > 0) {
    first_ = false;
    --left_;
    out[0] = static_cast<std::int64_t>(value_);
    out = out.subspan(1);
  }
  while (!out.empty()) {
    const auto some = static_cast<std::size_t>(begin(static_cast<std::int64_t>(out.size())));
    for (std::size_t i = 0; i < some; ++i)
      out[i] = static_cast<std::int64_t>(next());
    out = out.subspan(some);
  }
}

void DeltaCursor::skip(std::int64_t count) {
  if (first_ && count > 0 && left_ > 0) {
    first_ = false;
    --left_;
    --count;
  }
  while (count > 0) {
    const std::int64_t some = begin(count);
    if (width_ == 0) {
      value_ += smallest_ * static_cast<std::uint64_t>(some);
    } else {
      for (std::int64_t i = 0; i < some; ++i)
        next();
    }
    count -= some;
  }
}

}  // namespace segue::data::parquet
