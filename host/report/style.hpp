#pragma once

#include <string>
#include <string_view>

namespace segue::report {

/// The rules that charts need, light and, on a screen in the dark scheme, dark. Classes only, no variables: rsvg,
/// Inkscape and CairoSVG know none.
std::string chart_style();

inline constexpr int kShades = 9;  // of the colours of values, from low to high

/// "v0" … "v8": the class of a share from 0 to 1.
std::string shade_class(double share);

}  // namespace segue::report
