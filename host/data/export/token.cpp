#include "host/data/export/token.hpp"

#include <algorithm>

namespace segue::data {
namespace {

// Bytes of the white space that `text` begins with, beyond ASCII: U+0085, U+00A0, U+1680, U+2000–200A, U+2028, U+2029,
// U+202F, U+205F, U+3000.
std::size_t wide_space(std::string_view text) {
  constexpr std::string_view kSpaces[] = {"\xC2\x85",     "\xC2\xA0",     "\xE1\x9A\x80", "\xE2\x80\xA8",
                                          "\xE2\x80\xA9", "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE3\x80\x80"};
  for (const std::string_view space : kSpaces)
    if (text.starts_with(space))
      return space.size();
  const bool en_quad_to_hair_space =
      text.size() > 2 && text.starts_with("\xE2\x80") && static_cast<unsigned char>(text[2]) - 0x80u <= 0x0A;
  return en_quad_to_hair_space ? 3 : 0;
}

void append_escaped(std::string& out, std::string_view bytes) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  for (const unsigned char byte : bytes) {
    out += '%';
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
}

std::size_t bytes_to_escape(std::string_view text) {
  const unsigned char c = static_cast<unsigned char>(text[0]);
  if (c <= ' ' || c == 0x7F || c == '"' || c == '%')
    return 1;
  return c < 0x80 ? 0 : wide_space(text);
}

}  // namespace

void append_token(std::string& out, std::string_view id) {
  while (!id.empty()) {
    const std::size_t escaped = bytes_to_escape(id);
    if (escaped > 0)
      append_escaped(out, id.substr(0, escaped));
    else
      out += id[0];
    id.remove_prefix(std::max<std::size_t>(escaped, 1));
  }
}

}  // namespace segue::data
