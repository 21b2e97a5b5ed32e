#include "host/report/style.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "host/report/frame.hpp"

namespace segue::report {
namespace {

using Palette = std::array<std::string_view, kColors>;
using Ramp = std::array<std::string_view, kShades>;

// Okabe and Ito's hues (2008), which the colour-blind tell apart, each darkened or lightened until text in it has a
// contrast of 4.5 against the background (WCAG 2.1, 1.4.3).
constexpr Palette kLight{"#0067a5", "#b84a00", "#007a58", "#9c4178", "#826200", "#2279a8", "#5c5c5c", "#000000"};
constexpr Palette kDark{"#5ab4f0", "#ff9455", "#3fc79f", "#e59bc8", "#e6b93c", "#9ad4ff", "#b0b0b0", "#ffffff"};

// One hue, even steps of lightness, the end near the background still visible on it.
constexpr Ramp kLightRamp{"#b7cde3", "#96b9d8", "#75a4cd", "#5890c1", "#427cb0",
                          "#2b69a0", "#1c558b", "#114272", "#062f5a"};
constexpr Ramp kDarkRamp{"#22405e", "#29527a", "#326596", "#3f79b0", "#528ec6",
                         "#6ca3d8", "#8bb9e6", "#aecff1", "#d6e7fa"};

struct Theme {
  std::string_view ink, dim, grid, paper;
  const Palette& palette;
  const Ramp& ramp;
};

constexpr Theme kLightTheme{"#222222", "#5f5f5f", "#e6e6e6", "#ffffff", kLight, kLightRamp};
constexpr Theme kDarkTheme{"#e8e8e8", "#a6a6a6", "#343a40", "#16191d", kDark, kDarkRamp};

std::string colors(const Theme& theme) {
  std::string out = fmt::format(
      ".chart text{{fill:{0}}}.chart .axis,.chart .tick,.chart .note{{fill:{1}}}.chart .grid{{stroke:{2}}}"
      ".chart .base,.chart .whisker{{stroke:{1}}}.chart .reference{{stroke:{1}}}.chart .paper{{fill:{3}}}"
      ".chart .dot{{stroke:{3}}}.chart .none{{fill:{1}}}.chart .ring{{stroke:{0}}}.chart .halo{{stroke:{3}}}",
      theme.ink, theme.dim, theme.grid, theme.paper);
  for (int i = 0; i < kColors; ++i)
    out += fmt::format(".chart .s{0}{{stroke:{1}}}.chart .f{0}{{fill:{1}}}", i,
                       theme.palette[static_cast<std::size_t>(i)]);
  for (int i = 0; i < kShades; ++i)
    out += fmt::format(".chart .v{}{{fill:{}}}", i, theme.ramp[static_cast<std::size_t>(i)]);
  return out;
}

}  // namespace

std::string chart_style() {
  return ".chart{font:12px system-ui,-apple-system,\"Segoe UI\",Roboto,\"Helvetica Neue\",Arial,sans-serif;"
         "font-variant-numeric:tabular-nums}"
         ".chart .title{font-size:15px;font-weight:600}.chart .note{font-size:11px}.chart .name{font-weight:600}"
         ".chart .grid,.chart .base{fill:none;stroke-width:1;shape-rendering:crispEdges}"
         ".chart .line{fill:none;stroke-width:1.6;stroke-linejoin:round;stroke-linecap:round}"
         ".chart .reference{fill:none;stroke-width:1;stroke-dasharray:4 3}"
         ".chart .band{opacity:.16}.chart .dot{stroke-width:.8}.chart .ring{fill:none;stroke-width:1.4}"
         ".chart .whisker{fill:none;stroke-width:1.2}"
         ".chart .halo{stroke-width:3;stroke-linejoin:round}.chart .dashed{stroke-dasharray:7 3}" +
         colors(kLightTheme) + "@media screen and (prefers-color-scheme:dark){" + colors(kDarkTheme) + "}";
}

std::string shade_class(double share) {
  return fmt::format("v{}", std::clamp(static_cast<int>(share * kShades), 0, kShades - 1));
}

}  // namespace segue::report
