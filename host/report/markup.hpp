#pragma once

#include <string>
#include <string_view>

namespace segue::report {

/// Text for XML content and attributes in double quotes. What is not UTF-8, what XML 1.0 forbids, and control and
/// direction characters, which could reorder what stands around them, come out as U+FFFD.
std::string escape(std::string_view text);

/// A coordinate: at most one decimal, no trailing zero, never "-0".
std::string coordinate(double pixels);

/// About how wide a text is, in px: fonts differ, so a little too wide rather than too narrow.
double text_width(std::string_view text, double font_size);

/// The text cut to a width, with an ellipsis where it is cut.
std::string fit_text(std::string_view text, double font_size, double width);

}  // namespace segue::report
