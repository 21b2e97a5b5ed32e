#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "host/search/checksum.hpp"
#include "segue/core/error.hpp"

namespace segue::search {

/// The header a file of ours begins with: first its magic, then its version, last the checksum of the bytes before.
/// @param what  such as "a search index"
/// @throws BadInput  too short, another format or version, damaged
template <class Header>
Header parse_header(std::span<const std::byte> file, const std::string& name, std::string_view what,
                    const char (&magic)[8], std::uint32_t version) {
  if (file.size() < sizeof(Header))
    throw BadInput(fmt::format("{}: {} bytes are too few for {}, whose header has {}; make the index again", name,
                               file.size(), what, sizeof(Header)));
  Header header;
  std::memcpy(&header, file.data(), sizeof header);
  if (std::memcmp(header.magic, magic, sizeof magic) != 0)
    throw BadInput(
        fmt::format("{}: not {} (it does not start with {})", name, what, std::string_view(magic, sizeof magic)));
  if (header.version != version)
    throw BadInput(
        fmt::format("{}: {} of format version {}; this program reads version {}: make the index again with it", name,
                    what, header.version, version));
  if (crc_of(file.first(offsetof(Header, header_crc))) != header.header_crc)
    throw BadInput(fmt::format("{}: the header is damaged (checksum); make the index again", name));
  return header;
}

}  // namespace segue::search
