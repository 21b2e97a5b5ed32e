#include "segue/core/date.hpp"

#include <fmt/format.h>

#include <charconv>

namespace segue {
namespace {

using std::chrono::days;

/// Reads a timestamp from the left; every method consumes what it matched.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool done() const { return text_.empty(); }
  bool accept(char character) {
    const bool match = text_.starts_with(character);
    text_.remove_prefix(match ? 1 : 0);
    return match;
  }
  /// Exactly `count` digits.
  std::optional<int> digits(std::size_t count) {
    if (text_.size() < count)
      return std::nullopt;
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (text_[i] < '0' || text_[i] > '9')
        return std::nullopt;
      value = value * 10 + (text_[i] - '0');
    }
    text_.remove_prefix(count);
    return value;
  }
  bool skip_digits() {
    const std::size_t before = text_.size();
    while (!text_.empty() && text_[0] >= '0' && text_[0] <= '9')
      text_.remove_prefix(1);
    return text_.size() < before;
  }

  std::optional<Date> date() {
    const auto year = digits(4);
    if (!year || !accept('-'))
      return std::nullopt;
    const auto month = digits(2);
    if (!month || !accept('-'))
      return std::nullopt;
    const auto day = digits(2);
    if (!day)
      return std::nullopt;
    const std::chrono::year_month_day civil{std::chrono::year{*year}, std::chrono::month{static_cast<unsigned>(*month)},
                                            std::chrono::day{static_cast<unsigned>(*day)}};
    if (!civil.ok())
      return std::nullopt;
    return Date{civil};
  }

  /// Seconds of "HH:MM[:SS[.fff]]".
  std::optional<std::int64_t> time() {
    const auto hour = digits(2);
    if (!hour || *hour > 23 || !accept(':'))
      return std::nullopt;
    const auto minute = digits(2);
    if (!minute || *minute > 59)
      return std::nullopt;
    std::int64_t seconds = *hour * 3600 + *minute * 60;
    if (accept(':')) {
      const auto second = digits(2);
      if (!second || *second > 60)  // 60: a leap second counts as the next minute's first
        return std::nullopt;
      seconds += *second;
      if ((accept('.') || accept(',')) && !skip_digits())
        return std::nullopt;
    }
    return seconds;
  }

  /// Seconds east of UTC of "Z", "±HH", "±HHMM", "±HH:MM" or nothing.
  std::optional<std::int64_t> zone() {
    if (done() || accept('Z'))
      return 0;
    const bool east = text_[0] == '+';
    if (!accept('+') && !accept('-'))
      return std::nullopt;
    const auto hour = digits(2);
    if (!hour || *hour > 23)
      return std::nullopt;
    std::int64_t seconds = *hour * 3600;
    const bool colon = accept(':');
    if (colon || !done()) {
      const auto minute = digits(2);
      if (!minute || *minute > 59)
        return std::nullopt;
      seconds += *minute * 60;
    }
    return east ? seconds : -seconds;
  }

 private:
  std::string_view text_;
};

std::optional<std::int64_t> parse_epoch(std::string_view text) {
  std::int64_t value = 0;
  const char* const stop = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), stop, value);
  const std::string_view fraction(end, static_cast<std::size_t>(stop - end));
  const auto digits = end - text.data();
  const bool is_fraction =
      fraction.empty() || (fraction[0] == '.' && fraction.find_first_not_of("0123456789", 1) == std::string_view::npos);
  if (error != std::errc{} || value < 0 || !is_fraction || digits > 19)
    return std::nullopt;
  return digits >= 18 ? value / 1'000'000'000 : digits >= 15 ? value / 1'000'000 : digits >= 12 ? value / 1000 : value;
}

}  // namespace

std::optional<Date> parse_date(std::string_view text) {
  Scanner scanner(text);
  const std::optional<Date> date = scanner.date();
  return scanner.done() ? date : std::nullopt;
}

std::string format_date(Date date) {
  const std::chrono::year_month_day civil{date};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(civil.year()), static_cast<unsigned>(civil.month()),
                     static_cast<unsigned>(civil.day()));
}

std::optional<std::int64_t> parse_timestamp(std::string_view text) {
  if (text.size() < 5 || text[4] != '-')
    return parse_epoch(text);
  Scanner scanner(text);
  const std::optional<Date> date = scanner.date();
  if (!date)
    return std::nullopt;
  std::int64_t seconds = static_cast<std::int64_t>(date->time_since_epoch().count()) * 86400;
  if (scanner.done())
    return seconds;
  if (!scanner.accept('T') && !scanner.accept(' '))
    return std::nullopt;
  const auto time = scanner.time();
  if (!time)
    return std::nullopt;
  scanner.accept(' ');
  const auto zone = scanner.zone();
  if (!zone || !scanner.done())
    return std::nullopt;
  return seconds + *time - *zone;
}

std::string format_timestamp(std::int64_t epoch_seconds) {
  const Date date = date_of(epoch_seconds);
  const std::int64_t second = epoch_seconds - static_cast<std::int64_t>(date.time_since_epoch().count()) * 86400;
  return fmt::format("{}T{:02}:{:02}:{:02}Z", format_date(date), second / 3600, second / 60 % 60, second % 60);
}

Date date_of(std::int64_t epoch_seconds) {
  return std::chrono::floor<days>(std::chrono::sys_seconds{std::chrono::seconds{epoch_seconds}});
}

Date next_weekday(Date date, std::chrono::weekday weekday) {
  const Date tomorrow = date + days{1};
  return tomorrow + (weekday - std::chrono::weekday{tomorrow});
}

}  // namespace segue
