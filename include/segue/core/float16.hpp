#pragma once

#include <bit>
#include <cstdint>

namespace segue {

/// Numbers below this round to the largest finite float16, 65504; others to infinity.
inline constexpr float kFloat16Limit = 65520;

/// IEEE 754 binary16, without branches that would keep a loop from being vectorised.
inline float from_float16(std::uint16_t half) {
  const std::uint32_t magnitude = (half & 0x7fffu) << 13;
  const float scaled = std::bit_cast<float>(magnitude) * 0x1p112f;  // the exponents' biases: 127 − 15; subnormals too
  const std::uint32_t infinite = magnitude >= 0x0f800000u ? 0x7f800000u : 0u;
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(scaled) | infinite | (half & 0x8000u) << 16);
}

/// To the nearest, ties to even; infinite from 65520.
inline std::uint16_t to_float16(float value) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t magnitude = bits & 0x7fffffffu;
  const std::uint32_t normal = (magnitude - 0x38000000u + 0xfffu + ((magnitude >> 13) & 1u)) >> 13;
  // Below 2⁻¹⁴: 0.5's last bit is worth 2⁻²⁴, a half's smallest step, so that the sum rounds as the half would.
  const std::uint32_t subnormal = std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude) + 0.5f) - 0x3f000000u;
  std::uint32_t half = magnitude < 0x38800000u ? subnormal : normal;
  half = magnitude >= 0x477ff000u ? 0x7c00u : half;
  half = magnitude > 0x7f800000u ? 0x7e00u : half;
  return static_cast<std::uint16_t>(half | (bits >> 16 & 0x8000u));
}

}  // namespace segue
