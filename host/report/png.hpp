#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "segue/core/matrix.hpp"

namespace segue::report {

using Color = std::array<std::uint8_t, 3>;  // red, green, blue

/// A PNG file (ISO/IEC 15948) of 8-bit indices into a palette; row 0 is the top.
/// @param palette  1 to 256 colours; every pixel is one of them
std::string png(MatrixView<const std::uint8_t> pixels, std::span<const Color> palette);

/// RFC 4648, with padding.
std::string base64(std::string_view bytes);

}  // namespace segue::report
