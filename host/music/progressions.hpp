#pragma once

#include <span>
#include <string_view>

#include "segue/music/arrangement.hpp"

namespace segue::music {

/// Progressions of a style, in Roman numerals (parse_roman); for blues whole choruses, a chord a bar.
std::span<const std::string_view> progressions(Style style, int mode);

}  // namespace segue::music
