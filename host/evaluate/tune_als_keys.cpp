#include "host/evaluate/tune_als_keys.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>
#include <vector>

#include "segue/core/error.hpp"
#include "segue/core/text.hpp"

namespace segue::evaluate {
namespace {

constexpr std::string_view kConfidenceWords[] = {"linear", "log"};

template <auto Member>
double get_als(const AlsPoint& point) {
  return static_cast<double>(point.settings.als.*Member);
}
template <auto Member>
void set_als(AlsPoint& point, double value) {
  auto& field = point.settings.als.*Member;
  field = static_cast<std::remove_reference_t<decltype(field)>>(value);
}
template <auto Member>
double get_interactions(const AlsPoint& point) {
  return static_cast<double>(point.settings.interactions.*Member);
}
template <auto Member>
void set_interactions(AlsPoint& point, double value) {
  auto& field = point.settings.interactions.*Member;
  field = static_cast<std::remove_reference_t<decltype(field)>>(value);
}

using Als = als::Options;
using Interactions = data::InteractionOptions;

constexpr AlsKey kKeys[] = {
    {"als.rank", true, {}, get_als<&Als::rank>, set_als<&Als::rank>, "32..512:log", "latent factors"},
    {kLambdaKey,
     false,
     {},
     [](const AlsPoint& point) { return point.lambda; },
     [](AlsPoint& point, double value) { point.lambda = value; },
     "0.1..100:log",
     "regularization of an average user or song: als.regularization follows from it and als.regularization_exponent"},
    {"als.regularization",
     false,
     {},
     get_als<&Als::regularization>,
     set_als<&Als::regularization>,
     "",
     "in place of lambda"},
    {"als.regularization_exponent",
     false,
     {},
     get_als<&Als::regularization_exponent>,
     set_als<&Als::regularization_exponent>,
     "0..1",
     ""},
    {"als.alpha", false, {}, get_als<&Als::alpha>, set_als<&Als::alpha>, "0.01..30:log", ""},
    {kIterationsKey,
     true,
     {},
     get_als<&Als::iterations>,
     set_als<&Als::iterations>,
     "5..15",
     "trials are compared at the high end, a third of it, and so on down to the low end"},
    {"als.init_scale", false, {}, get_als<&Als::init_scale>, set_als<&Als::init_scale>, "", ""},
    {"als.cg_steps", true, {}, get_als<&Als::cg_steps>, set_als<&Als::cg_steps>, "", ""},
    {"interactions.skip_weight",
     false,
     {},
     get_interactions<&Interactions::skip_weight>,
     set_interactions<&Interactions::skip_weight>,
     "0,0.1,0.3,1",
     "where the log has skips"},
    {"interactions.confidence", false, kConfidenceWords, get_interactions<&Interactions::confidence>,
     set_interactions<&Interactions::confidence>, "linear,log", "where songs are streamed more than once"},
    {"interactions.log_epsilon",
     false,
     {},
     get_interactions<&Interactions::log_epsilon>,
     set_interactions<&Interactions::log_epsilon>,
     "",
     ""},
    {"interactions.half_life_days",
     false,
     {},
     get_interactions<&Interactions::half_life_days>,
     set_interactions<&Interactions::half_life_days>,
     "",
     ""},
};

/// What a choice stands for; nothing: not a value of this key.
std::optional<double> choice_number(const AlsKey& key, std::string_view choice) {
  if (!key.words.empty()) {
    for (std::size_t i = 0; i < key.words.size(); ++i)
      if (key.words[i] == choice)
        return static_cast<double>(i);
    return std::nullopt;
  }
  double value = 0;
  const auto [end, error] = std::from_chars(choice.data(), choice.data() + choice.size(), value);
  const bool whole = error == std::errc{} && end == choice.data() + choice.size() && std::isfinite(value);
  return whole && (!key.integer || value == std::floor(value)) ? std::optional(value) : std::nullopt;
}

}  // namespace

std::span<const AlsKey> als_keys() {
  return kKeys;
}

const AlsKey& als_key(std::string_view name) {
  std::vector<std::string_view> names;
  for (const AlsKey& key : kKeys) {
    if (key.name == name)
      return key;
    names.push_back(key.name);
  }
  const std::vector<std::string> near = nearest_words(name, names, 1);
  throw InvalidArgument(fmt::format("--space: {} cannot be searched{}", quote_for_message(name),
                                    near.empty() ? fmt::format("; these can: {}", fmt::join(names, ", "))
                                                 : fmt::format("; did you mean {}?", near[0])));
}

Parameter parse_als_parameter(std::string_view text) {
  Parameter parameter = parse_parameter(text);
  const AlsKey& key = als_key(parameter.key);
  parameter.integer = key.integer;
  const auto fail = [&](const std::string& why) {
    throw InvalidArgument(fmt::format("--space {}: {}", quote_for_message(text), why));
  };
  if (parameter.choices.empty() && !key.words.empty())
    fail(fmt::format("expected some of {}", fmt::join(key.words, ",")));
  if (key.integer && (parameter.low != std::floor(parameter.low) || parameter.high != std::floor(parameter.high)))
    fail("whole numbers expected");
  for (const std::string& choice : parameter.choices)
    if (!choice_number(key, choice))
      fail(fmt::format("{} is not {}", quote_for_message(choice),
                       key.words.empty() ? (key.integer ? "a whole number" : "a number")
                                         : fmt::format("one of {}", fmt::join(key.words, ","))));
  return parameter;
}

void set_parameter(AlsPoint& point, const Parameter& parameter, double value) {
  const AlsKey& key = als_key(parameter.key);
  key.set(point, parameter.choices.empty()
                     ? value
                     : *choice_number(key, parameter.choices.at(static_cast<std::size_t>(value))));
}

double parameter_value(const AlsPoint& point, const Parameter& parameter) {
  const AlsKey& key = als_key(parameter.key);
  const double number = key.get(point);
  if (parameter.choices.empty())
    return number;
  for (std::size_t i = 0; i < parameter.choices.size(); ++i)
    if (choice_number(key, parameter.choices[i]) == number)
      return static_cast<double>(i);
  return NAN;
}

}  // namespace segue::evaluate
