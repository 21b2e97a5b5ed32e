#include "host/data/export/float16.hpp"

#include <bit>
#include <cmath>

namespace segue::data {

std::uint16_t to_float16(float value) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  const std::uint16_t sign = static_cast<std::uint16_t>(bits >> 16 & 0x8000);
  const float size = std::fabs(value);
  if (std::isnan(value))
    return sign | 0x7E00;
  if (size >= kFloat16Limit)
    return sign | 0x7C00;
  if (size < 0x1p-14f)  // subnormal: multiples of 2⁻²⁴, rounded to even by the addition, whose last bit they are
    return sign | static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(size + 0.5f) - 0x3F000000);
  // Ten of the 23 bits of the fraction stay. A carry runs on into the exponent, as it should.
  const std::uint32_t magnitude = bits & 0x7FFFFFFF;
  const std::uint32_t rounded = magnitude + 0x0FFF + (magnitude >> 13 & 1);
  return sign | static_cast<std::uint16_t>((rounded - 0x38000000) >> 13);
}

}  // namespace segue::data
