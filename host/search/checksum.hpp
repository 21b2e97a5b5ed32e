#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace segue::search {

/// zlib's CRC-32.
std::uint32_t crc_of(std::span<const std::byte> bytes);
/// Of what `crc` is of, and `bytes` after it.
std::uint32_t crc_with(std::uint32_t crc, std::span<const std::byte> bytes);
/// The same, on all threads.
std::uint32_t parallel_crc(std::span<const std::byte> bytes);

}  // namespace segue::search
