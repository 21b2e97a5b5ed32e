#include "host/report/markup.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "segue/core/text.hpp"

namespace segue::report {
namespace {

struct Character {
  std::string_view bytes;
  char32_t code;
};

constexpr char32_t kReplacement = 0xFFFD;

char32_t decode(std::string_view bytes) {
  const auto lead = static_cast<unsigned char>(bytes[0]);
  char32_t code = bytes.size() == 1 ? lead : lead & (0x7Fu >> bytes.size());
  for (const char byte : bytes.substr(1))
    code = code << 6 | (static_cast<unsigned char>(byte) & 0x3Fu);
  return code;
}

/// The character at the start of `text`, which is not empty; of damaged UTF-8 one byte, as U+FFFD.
Character first_character(std::string_view text) {
  for (std::size_t length = 1; length <= std::min<std::size_t>(4, text.size()); ++length)
    if (is_valid_utf8(text.substr(0, length)))
      return {text.substr(0, length), decode(text.substr(0, length))};
  return {text.substr(0, 1), kReplacement};
}

bool is_unsafe(char32_t code) {
  return (code < 0x20 && code != '\n' && code != '\t') || (code >= 0x7F && code < 0xA0) || code == 0x200E ||
         code == 0x200F || (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069) ||
         (code & 0xFFFE) == 0xFFFE || code == kReplacement;
}

double character_width(char32_t code) {
  if (code >= 0x1100)  // most of what is above is East Asian or a symbol, and wide
    return code >= 0x2000 && code < 0x2E80 ? 0.6 : 1.0;
  return code < 0x80 && std::string_view("fijlrtI.,:;'|!()[] ").find(static_cast<char>(code)) != std::string_view::npos
             ? 0.38
         : (code >= 'A' && code <= 'Z') || code == 'm' || code == 'w' || code == '%' || code == '@' ? 0.78
                                                                                                    : 0.61;
}

}  // namespace

std::string escape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Character character = first_character(text);
    switch (character.code) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += is_unsafe(character.code) ? "\uFFFD" : character.bytes;
    }
    text.remove_prefix(character.bytes.size());
  }
  return out;
}

std::string coordinate(double pixels) {
  std::string text = fmt::format("{:.1f}", pixels);
  if (text.ends_with(".0"))
    text.resize(text.size() - 2);
  return text == "-0" ? "0" : text;
}

double text_width(std::string_view text, double font_size) {
  double width = 0;
  while (!text.empty()) {
    const Character character = first_character(text);
    width += character_width(character.code) * font_size;
    text.remove_prefix(character.bytes.size());
  }
  return width;
}

std::string fit_text(std::string_view text, double font_size, double width) {
  if (text_width(text, font_size) <= width)
    return std::string(text);
  std::string out;
  double used = character_width(0x2026) * font_size;
  while (!text.empty()) {
    const Character character = first_character(text);
    used += character_width(character.code) * font_size;
    if (used > width)
      break;
    out += character.bytes;
    text.remove_prefix(character.bytes.size());
  }
  return out + "…";
}

}  // namespace segue::report
