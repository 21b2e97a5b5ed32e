#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace segue::audio {

/// What libav is to write.
struct Encoding {
  const char* container;
  const char* encoder;
  int bits_per_second = 0;  ///< 0: lossless
};

/// Mono samples as a whole file in memory. Sixteen bits of them where the encoder is lossless.
/// @throws InvalidArgument  no such encoder in this libav, a rate or a bit rate that it does not take, NaN
std::vector<std::uint8_t> encode(const Encoding& encoding, std::span<const float> samples, int sample_rate);

}  // namespace segue::audio
