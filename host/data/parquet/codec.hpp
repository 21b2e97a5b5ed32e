#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "host/data/parquet/metadata.hpp"

namespace segue::data::parquet {

/// Why pages of this codec cannot be read, and what to do; empty: they can.
std::string_view why_unread(Codec codec);

/// `bytes` decompressed, which must make `size` bytes; kReadAhead more are allocated. A size that the codec cannot
/// reach from so many bytes is refused before anything is allocated.  @throws Damage
std::unique_ptr<char[]> decompress(Codec codec, std::string_view bytes, std::size_t size);

}  // namespace segue::data::parquet
