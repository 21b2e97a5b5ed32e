#pragma once

#include <cstdint>
#include <string_view>

namespace segue::audio {

/// A stream of Random for each name (FNV-1a), the same on any machine.
inline std::uint64_t stream_of(std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : name)
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return hash;
}

}  // namespace segue::audio
