#pragma once

#include <charconv>
#include <concepts>
#include <iterator>
#include <string>
#include <string_view>

namespace segue::data {

/// `id` as one word of a format whose fields are set apart by blanks: white space (Unicode's too: Python's split() cuts
/// there), control characters, '"' and '%' become %XX, byte by byte. Unquoting a URL gives the id back.
void append_token(std::string& out, std::string_view id);

/// The shortest digits that read back as the same number.
template <class Number>
requires std::integral<Number> || std::floating_point<Number>
void append_number(std::string& out, Number value) {
  char digits[32];
  out.append(digits, std::to_chars(std::begin(digits), std::end(digits), value).ptr);
}

}  // namespace segue::data
