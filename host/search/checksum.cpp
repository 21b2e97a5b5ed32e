#include "host/search/checksum.hpp"

#include <zlib.h>

#include <algorithm>
#include <vector>

#include "segue/core/parallel.hpp"

namespace segue::search {

std::uint32_t crc_with(std::uint32_t crc, std::span<const std::byte> bytes) {
  return static_cast<std::uint32_t>(::crc32_z(crc, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

std::uint32_t crc_of(std::span<const std::byte> bytes) {
  return crc_with(0, bytes);
}

std::uint32_t parallel_crc(std::span<const std::byte> bytes) {
  constexpr std::int64_t kPiece = 4 << 20;
  const auto size = static_cast<std::int64_t>(bytes.size());
  std::vector<std::uint32_t> crcs(static_cast<std::size_t>((size + kPiece - 1) / kPiece));
  parallel_for(size, kPiece, [&](std::int64_t begin, std::int64_t end) {
    crcs[static_cast<std::size_t>(begin / kPiece)] =
        crc_of(bytes.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin)));
  });
  std::uint32_t crc = 0;
  for (std::size_t i = 0; i < crcs.size(); ++i) {
    const std::int64_t length = std::min(kPiece, size - static_cast<std::int64_t>(i) * kPiece);
    crc = static_cast<std::uint32_t>(::crc32_combine(crc, crcs[i], static_cast<z_off_t>(length)));
  }
  return crc;
}

}  // namespace segue::search
