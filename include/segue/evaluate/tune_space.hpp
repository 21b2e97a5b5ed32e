#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace segue::evaluate {

/// One thing that a search may vary.
struct Parameter {
  std::string key;  ///< such as "als.rank"
  double low = 0;
  double high = 1;
  bool log = false;                  ///< drawn uniformly in the logarithm
  bool integer = false;              ///< whole numbers only
  std::vector<std::string> choices;  ///< not empty: one of these; its value is the place in the list
};

using Space = std::vector<Parameter>;
using Assignment = std::vector<double>;  ///< a value for each parameter

/// "key=low..high", "key=low..high:log" or "key=a,b,c".
/// @throws InvalidArgument  not of this form, low not below high, a logarithm of what is not above 0
Parameter parse_parameter(std::string_view text);
/// What parse_parameter() reads.
std::string to_string(const Parameter& parameter);

/// A uniform draw from the space, numbers rounded to four digits; depends on the space, the seed and the trial only.
Assignment draw_assignment(const Space& space, std::uint64_t seed, std::int64_t trial);

/// A value as a configuration has it: "64", "0.127", "log".
std::string value_text(const Parameter& parameter, double value);

/// Whether some of its choices are no numbers, so that they have no order.
bool has_words(const Parameter& parameter);

}  // namespace segue::evaluate
