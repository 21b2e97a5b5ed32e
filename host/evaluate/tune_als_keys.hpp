#pragma once

#include <cmath>
#include <span>
#include <string_view>

#include "segue/evaluate/tune_als.hpp"

namespace segue::evaluate {

/// Settings on their way: what lambda comes to depends on the other parameters.
struct AlsPoint {
  AlsSettings settings;
  double lambda = NAN;  ///< NaN: regularization is as it stands
};

/// One key of the space.
struct AlsKey {
  std::string_view name;
  bool integer;
  std::span<const std::string_view> words;  ///< not empty: its values are these, by their places
  double (*get)(const AlsPoint&);
  void (*set)(AlsPoint&, double);
  std::string_view default_range;  ///< empty: not searched unless asked for
  std::string_view meaning;
};

inline constexpr std::string_view kIterationsKey = "als.iterations";
inline constexpr std::string_view kLambdaKey = "lambda";

std::span<const AlsKey> als_keys();
/// @throws InvalidArgument  the key, and the nearest there is
const AlsKey& als_key(std::string_view name);

/// A parameter of --space, checked against its key; `integer` is set.
/// @throws InvalidArgument
Parameter parse_als_parameter(std::string_view text);

/// Sets one parameter. @param value  of an Assignment
void set_parameter(AlsPoint& point, const Parameter& parameter, double value);
/// Where the point lies on the parameter; NaN: not among its choices.
double parameter_value(const AlsPoint& point, const Parameter& parameter);

}  // namespace segue::evaluate
