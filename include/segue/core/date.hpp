#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace segue {

using Date = std::chrono::sys_days;

/// "YYYY-MM-DD", a day that exists; nothing otherwise.
std::optional<Date> parse_date(std::string_view text);
std::string format_date(Date date);

/// Seconds since 1970 UTC of "YYYY-MM-DD", "YYYY-MM-DD[T ]HH:MM[:SS[.fff]][Z|±HH[:MM]]" (ISO 8601; without a zone:
/// UTC), or a number since 1970: seconds (up to 11 digits), milliseconds (12 to 14), microseconds (15 to 17) or
/// nanoseconds (18 or 19), a fraction cut off; nothing for anything else.
std::optional<std::int64_t> parse_timestamp(std::string_view text);
/// "YYYY-MM-DDTHH:MM:SSZ"
std::string format_timestamp(std::int64_t epoch_seconds);

Date date_of(std::int64_t epoch_seconds);
/// The first such weekday strictly after `date`.
Date next_weekday(Date date, std::chrono::weekday weekday);

}  // namespace segue
