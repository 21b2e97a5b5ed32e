#pragma once

#include <cstdint>

namespace segue::audio {

/// Which 2³² elements' masks these are: `block` counts them.
constexpr std::uint32_t dropout_key(std::uint64_t seed, std::uint64_t block) {
  std::uint64_t z = seed + (block + 1) * 0x9e3779b97f4a7c15u;  // SplitMix64
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return static_cast<std::uint32_t>((z ^ (z >> 31)) >> 32);
}

/// Uniform over 32 bits; an element is kept where it is at least p·2³². The same on every device. (MurmurHash3's
/// finaliser: all in 32 bits, eight or sixteen lanes at a time.)
constexpr std::uint32_t dropout_hash(std::uint32_t key, std::uint32_t index) {
  std::uint32_t z = index * 0x9e3779b9u + key;
  z = (z ^ (z >> 16)) * 0x85ebca6bu;
  z = (z ^ (z >> 13)) * 0xc2b2ae35u;
  return z ^ (z >> 16);
}

}  // namespace segue::audio
