#include "host/data/parquet/value_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "host/data/parquet/damage.hpp"

namespace segue::data::parquet {
namespace {

constexpr std::int64_t kDaySeconds = 86'400;
constexpr std::size_t kLongest = 48;  // characters of any value but text

template <class T>
T load(std::string_view value) {
  T number;
  std::memcpy(&number, value.data(), sizeof number);
  return number;
}

std::int64_t floor_divide(std::int64_t value, std::int64_t divisor) {
  return value / divisor - (value % divisor < 0 ? 1 : 0);
}

template <class Number>
char* write_number(char* at, Number number) {
  return std::to_chars(at, at + kLongest, number).ptr;
}

template <class Real>
char* write_real(char* at, Real number) {
  if (std::abs(number) < static_cast<Real>(1e15) && number == std::trunc(number))
    return write_number(at, static_cast<std::int64_t>(number));
  return write_number(at, number);
}

char* write_pair(char* at, unsigned number) {
  *at++ = static_cast<char>('0' + number / 10);
  *at++ = static_cast<char>('0' + number % 10);
  return at;
}

bool is_civil(std::int64_t day) {
  constexpr std::int64_t kYear0 = -719'528, kYear10000 = 2'932'897;
  return day >= kYear0 && day < kYear10000;
}

// fmt takes ten times as long, which is as much as all else of a record.
char* write_civil_date(char* at, std::int64_t day) {
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{day}}};
  const auto year = static_cast<unsigned>(static_cast<int>(date.year()));
  at = write_pair(write_pair(at, year / 100), year % 100);
  *at++ = '-';
  at = write_pair(at, static_cast<unsigned>(date.month()));
  *at++ = '-';
  return write_pair(at, static_cast<unsigned>(date.day()));
}

char* write_date(char* at, std::int64_t day) {
  return is_civil(day) ? write_civil_date(at, day) : fmt::format_to(at, "{} days from 1970", day);
}

char* write_timestamp(char* at, std::int64_t epoch_seconds) {
  const std::int64_t day = floor_divide(epoch_seconds, kDaySeconds);
  if (!is_civil(day))
    return fmt::format_to(at, "{} s from 1970", epoch_seconds);
  const auto second = static_cast<unsigned>(epoch_seconds - day * kDaySeconds);
  at = write_civil_date(at, day);
  *at++ = 'T';
  at = write_pair(at, second / 3600);
  *at++ = ':';
  at = write_pair(at, second / 60 % 60);
  *at++ = ':';
  at = write_pair(at, second % 60);
  *at++ = 'Z';
  return at;
}

// Nanoseconds of the day and the Julian day, as Hive, Impala and Spark have it.
std::int64_t seconds_of_int96(std::string_view value) {
  constexpr std::int64_t kJulianDay1970 = 2'440'588;
  const auto day = load<std::int32_t>(value.substr(8));
  return (day - kJulianDay1970) * kDaySeconds + floor_divide(load<std::int64_t>(value), 1'000'000'000);
}

// Two's complement; big-endian where it is stored as bytes.
std::int64_t unscaled(const Column& column, std::string_view value) {
  if (column.physical == Physical::int32)
    return load<std::int32_t>(value);
  if (column.physical == Physical::int64)
    return load<std::int64_t>(value);
  if (value.empty())
    throw Damage("it has a decimal of no bytes");
  const bool negative = value[0] < 0;
  const std::size_t extra = value.size() > 8 ? value.size() - 8 : 0;
  std::uint64_t bits = negative ? ~std::uint64_t{0} : 0;
  for (const char c : value.substr(extra))
    bits = bits << 8 | static_cast<std::uint8_t>(c);
  const auto number = static_cast<std::int64_t>(bits);
  if (value.substr(0, extra).find_first_not_of(negative ? '\xff' : '\0') != value.npos || (number < 0) != negative)
    throw Damage("it has a decimal of more than 64 bits; cast the column to text first");
  return number;
}

char* write_decimal(char* at, std::int64_t number, int scale) {
  const std::uint64_t magnitude =
      number < 0 ? 0 - static_cast<std::uint64_t>(number) : static_cast<std::uint64_t>(number);
  const std::string digits = fmt::format("{:0{}}", magnitude, scale + 1);
  const std::string_view all = digits, whole = all.substr(0, all.size() - static_cast<std::size_t>(scale));
  return fmt::format_to(at, "{}{}{}{}", number < 0 ? "-" : "", whole, scale > 0 ? "." : "", all.substr(whole.size()));
}

char* write_uuid(char* at, std::string_view value) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10)
      *at++ = '-';
    const auto byte = static_cast<std::uint8_t>(value[i]);
    *at++ = kDigits[byte >> 4];
    *at++ = kDigits[byte & 15];
  }
  return at;
}

// Some at a time on the stack, so that the arena gets no more than the texts have.
template <class Write>
void write_each(std::span<std::string_view> values, TextArena& arena, Write write) {
  constexpr std::size_t kSome = 128;
  std::array<char, kSome * kLongest> buffer;
  while (!values.empty()) {
    const std::span<std::string_view> some = values.first(std::min(values.size(), kSome));
    char* at = buffer.data();
    for (std::string_view& value : some) {
      char* const end = write(at, value);
      value = {at, static_cast<std::size_t>(end - at)};
      at = end;
    }
    const auto size = static_cast<std::size_t>(at - buffer.data());
    char* const kept = arena.allocate(size);
    std::memcpy(kept, buffer.data(), size);
    for (std::string_view& value : some)
      value = {kept + (value.data() - buffer.data()), value.size()};
    values = values.subspan(some.size());
  }
}

}  // namespace

void to_text(const Column& column, std::span<std::string_view> values, TextArena& arena) {
  using View = std::string_view;
  switch (column.kind) {
    case Kind::text:
      return;
    case Kind::int32:
      return write_each(values, arena,
                        [](char* at, View value) { return write_number(at, load<std::int32_t>(value)); });
    case Kind::uint32:
      return write_each(values, arena,
                        [](char* at, View value) { return write_number(at, load<std::uint32_t>(value)); });
    case Kind::int64:
      return write_each(values, arena,
                        [](char* at, View value) { return write_number(at, load<std::int64_t>(value)); });
    case Kind::uint64:
      return write_each(values, arena,
                        [](char* at, View value) { return write_number(at, load<std::uint64_t>(value)); });
    case Kind::float32:
      return write_each(values, arena, [](char* at, View value) { return write_real(at, load<float>(value)); });
    case Kind::float64:
      return write_each(values, arena, [](char* at, View value) { return write_real(at, load<double>(value)); });
    case Kind::timestamp:
      return write_each(values, arena, [units = column.units_per_second](char* at, View value) {
        return write_timestamp(at, floor_divide(load<std::int64_t>(value), units));
      });
    case Kind::timestamp96:
      return write_each(values, arena,
                        [](char* at, View value) { return write_timestamp(at, seconds_of_int96(value)); });
    case Kind::date:
      return write_each(values, arena, [](char* at, View value) { return write_date(at, load<std::int32_t>(value)); });
    case Kind::decimal:
      return write_each(values, arena,
                        [&](char* at, View value) { return write_decimal(at, unscaled(column, value), column.scale); });
    case Kind::uuid:
      return write_each(values, arena, [](char* at, View value) { return write_uuid(at, value); });
  }
}

}  // namespace segue::data::parquet
