#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace segue {

/// The candidates nearest to `word` by edit distance (at most a third of its length plus one), nearest first, at most
/// `count`: for "did you mean".
std::vector<std::string> nearest_words(std::string_view word, std::span<const std::string_view> candidates, int count);

/// Well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing past U+10FFFF.
bool is_valid_utf8(std::string_view text);

/// Printable form for a message: control characters escaped, cut at `limit` bytes with an ellipsis.
std::string quote_for_message(std::string_view text, std::size_t limit = 60);

/// Each as quote_for_message() has it, with commas between; "none" of none.
std::string quote_list(std::span<const std::string> names);

}  // namespace segue
