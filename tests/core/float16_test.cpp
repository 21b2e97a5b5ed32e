#include "segue/core/float16.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace segue {
namespace {

// IEEE 754-2019, table 3.5: binary16 has 5 bits of exponent with bias 15 and 10 of fraction.
double value_of(std::uint16_t half) {
  const int exponent = half >> 10 & 31, fraction = half & 1023;
  const double size = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
  return half >> 15 ? -size : size;
}

TEST(Float16, EveryFiniteOneComesBack) {
  for (int half = 0; half < 0x7C00; ++half) {
    ASSERT_EQ(to_float16(static_cast<float>(value_of(static_cast<std::uint16_t>(half)))), half);
    ASSERT_EQ(to_float16(static_cast<float>(-value_of(static_cast<std::uint16_t>(half)))), half | 0x8000);
  }
}

TEST(Float16, RoundsToNearestAndTiesToEven) {
  for (int half = 0; half < 0x7BFF; ++half) {
    const double low = value_of(static_cast<std::uint16_t>(half)),
                 high = value_of(static_cast<std::uint16_t>(half + 1));
    const float tie = static_cast<float>((low + high) / 2);  // exact: one bit more than binary16 has
    ASSERT_EQ(to_float16(tie), half % 2 == 0 ? half : half + 1) << half;
    ASSERT_EQ(to_float16(std::nextafter(tie, 0.0f)), half) << half;
    ASSERT_EQ(to_float16(std::nextafter(tie, 1e9f)), half + 1) << half;
  }
}

TEST(Float16, Ends) {
  EXPECT_EQ(to_float16(std::nextafter(kFloat16Limit, 0.0f)), 0x7BFF);
  EXPECT_EQ(to_float16(kFloat16Limit), 0x7C00);
  EXPECT_EQ(to_float16(-std::numeric_limits<float>::infinity()), 0xFC00);
  EXPECT_EQ(to_float16(std::numeric_limits<float>::denorm_min()), 0);
  EXPECT_EQ(to_float16(-0.0f), 0x8000);
  EXPECT_EQ(to_float16(std::numeric_limits<float>::quiet_NaN()) & 0x7E00, 0x7E00);
}

}  // namespace
}  // namespace segue
