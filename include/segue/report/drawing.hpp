#pragma once

#include <span>
#include <string>

namespace segue::report {

/// A finished chart: what stands inside an <svg> element, already escaped. The same chart gives the same bytes.
/// Colours are set by classes that follow the reader's light or dark scheme.
struct Drawing {
  int width = 0;  ///< px
  int height = 0;
  std::string title;        ///< plain text, as given
  std::string description;  ///< plain text: what a reader who cannot see the chart is told
  std::string body;         ///< SVG elements
};

/// A file of its own: an XML document with its style and a background.
std::string to_svg_file(const Drawing& drawing);

/// Drawings side by side, row by row, each column as wide as its widest.
/// @throws InvalidArgument  columns < 1
Drawing arrange(std::span<const Drawing> drawings, int columns, const std::string& title);

}  // namespace segue::report
