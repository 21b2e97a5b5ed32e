#pragma once

#include <cstddef>
#include <memory_resource>

#include "host/data/parquet/damage.hpp"

namespace segue::data::parquet {

/// Memory for the texts of one block, which stay where they are until clear().
class TextArena {
 public:
  /// @throws Damage  past the limit: values that each share most of the one before can be far larger than their bytes
  char* allocate(std::size_t bytes) {
    constexpr std::size_t kMost = std::size_t{1} << 30;
    if (bytes > kMost - used_)
      throw Damage(
          "its texts would take more than 1 GiB in one block of records; they are no ids, or the file is damaged");
    used_ += bytes;
    return static_cast<char*>(memory_.allocate(bytes, 1));
  }
  void clear() {
    memory_.release();
    used_ = 0;
  }

 private:
  std::pmr::monotonic_buffer_resource memory_{std::size_t{64} << 10};
  std::size_t used_ = 0;
};

}  // namespace segue::data::parquet
