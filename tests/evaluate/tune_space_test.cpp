#include "segue/evaluate/tune_space.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "segue/core/error.hpp"

namespace segue::evaluate {
namespace {

using testing::HasSubstr;

std::string refusal(const std::string& text) {
  try {
    parse_parameter(text);
  } catch (const InvalidArgument& error) {
    return error.what();
  }
  return "accepted";
}

TEST(ParseParameter, TakesRangesAndChoices) {
  const Parameter range = parse_parameter("als.alpha=0.05..50:log");
  EXPECT_EQ(range.key, "als.alpha");
  EXPECT_EQ(range.low, 0.05);
  EXPECT_EQ(range.high, 50);
  EXPECT_TRUE(range.log);
  EXPECT_EQ(parse_parameter("x=-1..1e3").high, 1000);
  EXPECT_THAT(parse_parameter("c=linear,log").choices, testing::ElementsAre("linear", "log"));
  EXPECT_THAT(parse_parameter("r=64").choices, testing::ElementsAre("64"));
  for (const char* text : {"als.rank=32..512:log", "e=0..1", "c=linear,log"})
    EXPECT_EQ(to_string(parse_parameter(text)), text);
}

TEST(ParseParameter, SaysWhatIsWrong) {
  for (const char* text : {"", "rank", "=1..2", "rank=", "rank=1..", "rank=..2", "rank=a..b", "rank=1..2:ln",
                           "rank=1..nan", "rank=1..inf", "c=a,,b", "c=a,"})
    EXPECT_THAT(refusal(text), HasSubstr("expected key=low..high, key=low..high:log or key=a,b,c")) << text;
  EXPECT_EQ(refusal("rank=8..8"), "--space \"rank=8..8\": its low end, 8, is not below its high end, 8");
  EXPECT_EQ(refusal("rank=0..8:log"), "--space \"rank=0..8:log\": a logarithmic range needs a low end above 0, not 0");
}

TEST(DrawAssignment, DependsOnSeedAndTrialOnly) {
  const Space space{parse_parameter("a=0..1"), parse_parameter("b=1e-3..1e3:log"), parse_parameter("c=x,y,z")};
  EXPECT_EQ(draw_assignment(space, 1, 7), draw_assignment(space, 1, 7));
  EXPECT_NE(draw_assignment(space, 1, 7), draw_assignment(space, 1, 8));
  EXPECT_NE(draw_assignment(space, 1, 7), draw_assignment(space, 2, 7));
}

TEST(DrawAssignment, IsUniformInItsScale) {
  Space space{parse_parameter("a=2..4"), parse_parameter("b=0.01..100:log"), parse_parameter("c=x,y,z"),
              parse_parameter("n=1..4")};
  space[3].integer = true;
  constexpr int kDraws = 20000;
  double sum = 0;
  int below_one = 0;
  std::map<double, int> choices, numbers;
  for (int trial = 0; trial < kDraws; ++trial) {
    const Assignment drawn = draw_assignment(space, 5, trial);
    ASSERT_TRUE(drawn[0] >= 2 && drawn[0] <= 4 && drawn[1] >= 0.01 && drawn[1] <= 100);
    sum += drawn[0];
    below_one += drawn[1] < 1;
    ++choices[drawn[2]];
    ++numbers[drawn[3]];
  }
  // Five standard deviations of each.
  EXPECT_NEAR(sum / kDraws, 3, 5 * (2 / std::sqrt(12.0)) / std::sqrt(kDraws));
  EXPECT_NEAR(below_one, kDraws / 2, 5 * std::sqrt(kDraws) / 2);
  ASSERT_EQ(choices.size(), 3u);
  ASSERT_EQ(numbers.size(), 4u) << "1 to 4, both ends among them";
  for (const auto& [value, count] : choices)
    EXPECT_NEAR(count, kDraws / 3.0, 5 * std::sqrt(kDraws * 2 / 9.0)) << value;
  for (const auto& [value, count] : numbers)
    EXPECT_NEAR(count, kDraws / 4.0, 5 * std::sqrt(kDraws * 3 / 16.0)) << value;
}

TEST(DrawAssignment, NumbersHaveFourDigits) {
  const Space space{parse_parameter("b=1e-3..1e3:log")};
  for (int trial = 0; trial < 100; ++trial)
    EXPECT_LE(value_text(space[0], draw_assignment(space, 1, trial)[0]).size(), 8u);
}

TEST(ValueText, IsWhatAConfigurationHas) {
  EXPECT_EQ(value_text(parse_parameter("a=0..1"), 0.25), "0.25");
  EXPECT_EQ(value_text(parse_parameter("a=1..9"), 4), "4");
  EXPECT_EQ(value_text(parse_parameter("c=linear,log"), 1), "log");
  EXPECT_EQ(value_text(parse_parameter("c=linear,log"), NAN), "");
}

}  // namespace
}  // namespace segue::evaluate
