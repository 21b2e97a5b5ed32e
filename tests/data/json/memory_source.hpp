#pragma once

#include <algorithm>
#include <cstring>
#include <string_view>

#include "host/data/byte_source.hpp"

namespace segue::test {

/// Content in memory that outlives the source. `largest_read`, if given, gets the most that is asked for at a time.
class MemorySource final : public data::ByteSource {
 public:
  explicit MemorySource(std::string_view content, std::size_t* largest_read = nullptr)
      : content_(content), largest_read_(largest_read) {}

  std::size_t read(std::span<char> out) override {
    if (largest_read_ != nullptr)
      *largest_read_ = std::max(*largest_read_, out.size());
    const std::size_t count = content_.substr(position_).copy(out.data(), out.size());
    position_ += count;
    return count;
  }
  std::string_view peek(std::size_t size) override { return content_.substr(position_, size); }
  std::int64_t file_position() const override { return static_cast<std::int64_t>(position_); }
  std::int64_t file_bytes() const override { return static_cast<std::int64_t>(content_.size()); }

 private:
  std::string_view content_;
  std::size_t position_ = 0;
  std::size_t* largest_read_;
};

}  // namespace segue::test
