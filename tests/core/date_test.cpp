#include "segue/core/date.hpp"

#include <gtest/gtest.h>

namespace segue {
namespace {

// Epoch seconds by GNU date: date -u -d '2011-06-06T07:08:09Z' +%s
constexpr std::int64_t kMonday = 1307344089;

TEST(ParseTimestamp, ReadsEveryFormOfTheSameMoment) {
  for (const char* text :
       {"2011-06-06T07:08:09Z", "2011-06-06 07:08:09", "2011-06-06T07:08:09.999Z", "2011-06-06T09:08:09+02:00",
        "2011-06-06T09:08:09+02", "2011-06-06T02:38:09-0430", "2011-06-06 07:08:09 Z", "1307344089", "1307344089123"})
    EXPECT_EQ(parse_timestamp(text), kMonday) << text;
}

TEST(ParseTimestamp, ReadsDaysAndMinutes) {
  EXPECT_EQ(parse_timestamp("1970-01-01"), 0);
  EXPECT_EQ(parse_timestamp("2011-06-06T07:08"), kMonday - 9);
  EXPECT_EQ(parse_timestamp("1969-12-31T23:59:59Z"), -1);
  EXPECT_EQ(parse_timestamp("2012-02-29"), 1330473600);
}

TEST(ParseTimestamp, NumbersAreSecondsOrFinerByTheirDigits) {
  for (const char* text : {"1307344089", "1307344089.0", "1307344089000", "1307344089123456", "1307344089123456789"})
    EXPECT_EQ(parse_timestamp(text), 1307344089) << text;
}

TEST(ParseTimestamp, RefusesWhatIsNotATime) {
  for (const char* text : {"", "x", "2011-02-29", "2011-13-01", "2011-06-06T24:00:00Z", "2011-06-06T07:60:00Z",
                           "2011-06-06T07:08:09Zulu", "2011-06-06T07:08:09+2", "2011-06-06T", "-5", "12.x",
                           "12345678901234567890", "2011-6-6", "2011-06-06T07:08:09."})
    EXPECT_EQ(parse_timestamp(text), std::nullopt) << text;
}

TEST(FormatTimestamp, IsTheInverse) {
  for (const std::int64_t seconds : {std::int64_t{0}, std::int64_t{-1}, kMonday, std::int64_t{951782399}})
    EXPECT_EQ(parse_timestamp(format_timestamp(seconds)), seconds);
  EXPECT_EQ(format_timestamp(kMonday), "2011-06-06T07:08:09Z");
}

TEST(NextWeekday, IsStrictlyLater) {
  const Date thursday = *parse_date("2011-06-02");
  EXPECT_EQ(format_date(next_weekday(thursday, std::chrono::Friday)), "2011-06-03");
  EXPECT_EQ(format_date(next_weekday(thursday, std::chrono::Monday)), "2011-06-06");
  EXPECT_EQ(format_date(next_weekday(thursday, std::chrono::Thursday)), "2011-06-09");
}

}  // namespace
}  // namespace segue
