#include "segue/evaluate/tune_space.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "segue/core/error.hpp"
#include "segue/core/random.hpp"
#include "segue/core/text.hpp"

namespace segue::evaluate {
namespace {

constexpr std::string_view kForm =
    "expected key=low..high, key=low..high:log or key=a,b,c, such as als.rank=32..512:log";

std::optional<double> parse_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value))
    return std::nullopt;
  return value;
}

std::vector<std::string> split_choices(std::string_view text) {
  std::vector<std::string> out;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    out.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return out;
}

double round_to_four_digits(double value) {
  return *parse_number(fmt::format("{:.4g}", value));
}

double draw(const Parameter& parameter, Random& random) {
  const double share = random.uniform();
  if (!parameter.choices.empty())
    return std::floor(share * static_cast<double>(parameter.choices.size()));
  // A whole number stands for all that round to it, so that the ends are as likely as the others.
  const double margin = parameter.integer ? 0.5 : 0;
  const double low = parameter.low - margin, high = parameter.high + margin;
  const double value =
      parameter.log ? std::exp(std::log(low) + share * (std::log(high) - std::log(low))) : low + share * (high - low);
  const double rounded = parameter.integer ? std::round(value) : round_to_four_digits(value);
  return std::clamp(rounded, parameter.low, parameter.high);
}

}  // namespace

Parameter parse_parameter(std::string_view text) {
  const auto fail = [&](std::string_view why) {
    throw InvalidArgument(fmt::format("--space {}: {}", quote_for_message(text), why));
  };
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0 || equals + 1 == text.size())
    fail(kForm);
  Parameter parameter;
  parameter.key = text.substr(0, equals);
  std::string_view range = text.substr(equals + 1);
  const std::size_t dots = range.find("..");
  if (dots == std::string_view::npos) {
    parameter.choices = split_choices(range);
    for (const std::string& choice : parameter.choices)
      if (choice.empty())
        fail(kForm);
    return parameter;
  }
  if (range.ends_with(":log")) {
    parameter.log = true;
    range.remove_suffix(4);
  }
  const std::optional<double> low = parse_number(range.substr(0, dots));
  const std::optional<double> high = parse_number(range.substr(dots + 2));
  if (!low || !high)
    fail(kForm);
  parameter.low = *low;
  parameter.high = *high;
  if (!(*low < *high))
    fail(fmt::format("its low end, {}, is not below its high end, {}", *low, *high));
  if (parameter.log && *low <= 0)
    fail(fmt::format("a logarithmic range needs a low end above 0, not {}", *low));
  return parameter;
}

std::string to_string(const Parameter& parameter) {
  if (parameter.choices.empty())
    return fmt::format("{}={}..{}{}", parameter.key, parameter.low, parameter.high, parameter.log ? ":log" : "");
  return fmt::format("{}={}", parameter.key, fmt::join(parameter.choices, ","));
}

Assignment draw_assignment(const Space& space, std::uint64_t seed, std::int64_t trial) {
  Random random(seed, static_cast<std::uint64_t>(trial));
  Assignment assignment;
  for (const Parameter& parameter : space)
    assignment.push_back(draw(parameter, random));
  return assignment;
}

std::string value_text(const Parameter& parameter, double value) {
  if (parameter.choices.empty())
    return fmt::format("{}", value);
  return value >= 0 ? parameter.choices.at(static_cast<std::size_t>(value)) : "";
}

bool has_words(const Parameter& parameter) {
  return std::any_of(parameter.choices.begin(), parameter.choices.end(),
                     [](const std::string& choice) { return !parse_number(choice); });
}

}  // namespace segue::evaluate
