#pragma once

#include <stdexcept>
#include <string>

namespace segue::data::parquet {

/// What is wrong with some bytes of a Parquet file. Who knows where they stand makes a BadInput of it.
class Damage : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// So many bytes past the end of a page can be read, whatever they hold: bits are unpacked by 8-byte loads. A page in
/// the mapped file has at least the footer's length and magic after it; a decompressed one is allocated with as many.
inline constexpr std::size_t kReadAhead = 8;

}  // namespace segue::data::parquet
