#include "host/report/axis.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cfloat>
#include <cmath>

#include "segue/core/random.hpp"

namespace segue::report {
namespace {

AxisScale scale_of(const Axis& axis, std::initializer_list<double> values, Ends ends = Ends::data, int ticks = 6) {
  Extent extent(axis);
  for (const double value : values)
    extent.add(value);
  return {axis, extent, ends, ticks};
}

std::vector<std::string> labels(const AxisScale& scale) {
  std::vector<std::string> out;
  for (const Tick& tick : scale.ticks())
    out.push_back(tick.label);
  return out;
}

using testing::ElementsAre;

TEST(AxisScale, TicksStandAtNiceNumbers) {
  EXPECT_THAT(labels(scale_of({}, {0, 1})), ElementsAre("0", "0.2", "0.4", "0.6", "0.8", "1.0"));
  EXPECT_THAT(labels(scale_of({}, {-0.03, 0.06})), ElementsAre("−0.02", "0", "0.02", "0.04", "0.06"));
  EXPECT_THAT(labels(scale_of({}, {1, 15})), ElementsAre("5", "10", "15"));
  EXPECT_THAT(labels(scale_of({}, {0, 2.4e6})), ElementsAre("0", "0.5 M", "1.0 M", "1.5 M", "2.0 M"));
  EXPECT_THAT(labels(scale_of({}, {0, 35000})), ElementsAre("0", "10 k", "20 k", "30 k"));
  EXPECT_THAT(labels(scale_of({}, {0, 4e-7})), ElementsAre("0", "10⁻⁷", "2×10⁻⁷", "3×10⁻⁷", "4×10⁻⁷"));
}

TEST(AxisScale, LogarithmicTicksAreAsDenseAsThereIsRoom) {
  const Axis log{.scale = Scale::log};
  EXPECT_THAT(labels(scale_of(log, {32, 512})), ElementsAre("50", "100", "200", "500"));
  EXPECT_THAT(labels(scale_of(log, {1, 200})), ElementsAre("1", "3", "10", "30", "100"));
  EXPECT_THAT(labels(scale_of(log, {0.05, 5000})), ElementsAre("0.1", "1", "10", "100", "1000"));
  EXPECT_THAT(labels(scale_of(log, {1e-12, 1e12})), ElementsAre("10⁻¹⁰", "10⁻⁵", "1", "100 k", "10 G"));
  EXPECT_THAT(labels(scale_of(log, {1.1, 1.5})), ElementsAre("1.1", "1.2", "1.3", "1.4", "1.5"));
  EXPECT_NEAR(scale_of(log, {1, 100}).position(10), 0.5, 1e-12);
}

TEST(AxisScale, EndsAreWhereTheyWereAskedFor) {
  const AxisScale ticks = scale_of({}, {0.013, 0.148}, Ends::ticks);
  EXPECT_DOUBLE_EQ(ticks.low(), 0);
  EXPECT_DOUBLE_EQ(ticks.high(), 0.15);
  const AxisScale data = scale_of({}, {0.013, 0.148}, Ends::data);
  EXPECT_EQ(data.low(), 0.013);
  EXPECT_EQ(data.high(), 0.148);
  const AxisScale reaching = scale_of({.low = 0, .high = 1}, {0.4, 0.5});
  EXPECT_EQ(reaching.low(), 0);
  EXPECT_EQ(reaching.high(), 1);
}

TEST(AxisScale, OneValueGetsRoomOnBothSides) {
  for (const double value : {0.0, 1.0, -5e200, 3e-200, 1e15, DBL_MAX, -DBL_MAX, DBL_MIN / 4}) {
    const AxisScale scale = scale_of({}, {value, value});
    EXPECT_GT(scale.position(value), 0) << value;
    EXPECT_LT(scale.position(value), 1) << value;
  }
  EXPECT_NEAR(scale_of({.scale = Scale::log}, {7}).position(7), 0.5, 1e-12);
}

TEST(AxisScale, WithoutValuesThereIsStillAnAxis) {
  EXPECT_THAT(labels(scale_of({}, {})), ElementsAre("0", "0.2", "0.4", "0.6", "0.8", "1.0"));
  EXPECT_THAT(labels(scale_of({.scale = Scale::log}, {NAN, -1, 0})), ElementsAre("1", "2", "5", "10"));
}

TEST(AxisScale, CategoriesStandInTheMiddleOfTheirSlots) {
  const AxisScale scale = scale_of({.categories = {"linear", "log"}}, {0, 1});
  EXPECT_THAT(labels(scale), ElementsAre("linear", "log"));
  EXPECT_DOUBLE_EQ(scale.position(0), 0.25);
  EXPECT_DOUBLE_EQ(scale.position(1), 0.75);
}

// Any range: few ticks, ascending, inside, labels all different, and every value between the ends.
TEST(AxisScale, HoldsItsPromisesForAnyRange) {
  Random random(7);
  for (int round = 0; round < 5000; ++round) {
    const bool log = round % 2 == 1;
    const double spread = round % 3 == 0 ? 1e-7 : 1;
    const auto draw = [&] { return std::pow(10.0, 600 * random.uniform() - 300) * (log || random.below(2) ? 1 : -1); };
    const double a = draw();
    const double b = round % 3 == 0 ? a * (1 + spread * random.uniform()) : draw();
    const int wanted = 2 + static_cast<int>(random.below(10));
    const auto ends = static_cast<Ends>(random.below(3));
    const AxisScale scale = scale_of({.scale = log ? Scale::log : Scale::linear}, {a, b}, ends, wanted);
    ASSERT_TRUE(std::isfinite(scale.low()) && std::isfinite(scale.high()) && scale.low() < scale.high())
        << a << " " << b;
    for (const double value : {a, b}) {
      ASSERT_GE(scale.position(value), -1e-9) << a << " " << b;
      ASSERT_LE(scale.position(value), 1 + 1e-9) << a << " " << b;
    }
    ASSERT_LE(scale.ticks().size(), std::max<std::size_t>(static_cast<std::size_t>(wanted) + 3, 8)) << a << " " << b;
    ASSERT_GE(scale.ticks().size(), 1u) << a << " " << b;
    for (std::size_t i = 0; i < scale.ticks().size(); ++i) {
      const double at = scale.position(scale.ticks()[i].value);
      ASSERT_TRUE(at >= -1e-6 && at <= 1 + 1e-6) << a << " " << b << " " << at;
      if (i > 0) {
        ASSERT_GT(scale.ticks()[i].value, scale.ticks()[i - 1].value) << a << " " << b;
        ASSERT_NE(scale.ticks()[i].label, scale.ticks()[i - 1].label) << a << " " << b;
      }
    }
  }
}

TEST(FormatValue, HasFourDigits) {
  EXPECT_EQ(format_value(0), "0");
  EXPECT_EQ(format_value(0.14364), "0.1436");
  EXPECT_EQ(format_value(-3.14159), "−3.142");
  EXPECT_EQ(format_value(2345678), "2.346 M");
  EXPECT_EQ(format_value(1.5e-7), "1.5×10⁻⁷");
  EXPECT_EQ(format_value(NAN), "nan");
}

}  // namespace
}  // namespace segue::report
