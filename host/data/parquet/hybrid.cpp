#include "host/data/parquet/hybrid.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>

#include "host/data/parquet/damage.hpp"
#include "host/data/parquet/thrift.hpp"

namespace segue::data::parquet {

static_assert(std::endian::native == std::endian::little, "Parquet is little-endian and read as it is");

std::string_view sized_runs(std::string_view bytes) {
  std::uint32_t size = 0;
  if (bytes.size() < sizeof size)
    throw Damage("its runs end too early");
  std::memcpy(&size, bytes.data(), sizeof size);
  if (size > bytes.size() - sizeof size)
    throw Damage("its runs end too early");
  return bytes.substr(sizeof size, size);
}

HybridCursor::HybridCursor(std::string_view bytes, int width) : rest_(bytes), width_(width) {
  if (width < 0 || width > 32)
    throw Damage(fmt::format("it has values of {} bits, 0 to 32 expected", width));
}

void HybridCursor::begin_run() {
  while (left_ == 0) {
    const std::uint64_t header = take_varint(rest_);
    if (header >> 32 != 0)
      throw Damage("a run is longer than 32 bits hold");
    const auto width = static_cast<std::uint64_t>(width_);
    if ((header & 1) == 0) {
      const std::size_t bytes = (width + 7) / 8;
      if (bytes > rest_.size())
        throw Damage("its runs end too early");
      repeated_ = 0;
      std::memcpy(&repeated_, rest_.data(), bytes);
      rest_.remove_prefix(bytes);
      packed_ = nullptr;
      left_ = static_cast<std::int64_t>(header >> 1);
    } else {  // eight values a group; some writers leave out the end of the last
      const std::uint64_t groups = header >> 1;
      const std::uint64_t bytes = std::min<std::uint64_t>(groups * width, rest_.size());
      packed_ = rest_.data();
      bit_ = 0;
      left_ = static_cast<std::int64_t>(width == 0 ? groups * 8 : std::min(groups * 8, bytes * 8 / width));
      rest_.remove_prefix(bytes);
    }
  }
}

void HybridCursor::read(std::span<std::uint32_t> out) {
  while (!out.empty()) {
    begin_run();
    const auto count = static_cast<std::size_t>(std::min(left_, static_cast<std::int64_t>(out.size())));
    if (packed_ == nullptr || width_ == 0) {
      std::fill_n(out.begin(), count, packed_ == nullptr ? repeated_ : 0);
    } else {
      for (std::size_t i = 0; i < count; ++i, bit_ += static_cast<std::uint64_t>(width_))
        out[i] = static_cast<std::uint32_t>(unpack_bits(packed_, bit_, width_));
    }
    left_ -= static_cast<std::int64_t>(count);
    out = out.subspan(count);
  }
}

void HybridCursor::skip(std::int64_t count) {
  while (count > 0) {
    begin_run();
    const std::int64_t skipped = std::min(left_, count);
    bit_ += static_cast<std::uint64_t>(skipped * width_);
    left_ -= skipped;
    count -= skipped;
  }
}

std::int64_t HybridCursor::skip_counting(std::int64_t count, std::uint32_t value) {
  std::int64_t found = 0;
  std::array<std::uint32_t, 256> values;
  while (count > 0) {
    begin_run();
    if (packed_ == nullptr) {
      const std::int64_t skipped = std::min(left_, count);
      found += repeated_ == value ? skipped : 0;
      left_ -= skipped;
      count -= skipped;
      continue;
    }
    const auto some = std::span(values).first(static_cast<std::size_t>(std::min({left_, count, std::int64_t{256}})));
    read(some);
    found += std::count(some.begin(), some.end(), value);
    count -= static_cast<std::int64_t>(some.size());
  }
  return found;
}

}  // namespace segue::data::parquet
