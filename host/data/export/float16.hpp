#pragma once

#include <cstdint>

namespace segue::data {

/// The largest finite float16. Numbers below 65520 round to it, larger ones to infinity.
inline constexpr float kFloat16Limit = 65520;

/// The nearest IEEE 754 binary16, ties to even.
std::uint16_t to_float16(float value);

}  // namespace segue::data
