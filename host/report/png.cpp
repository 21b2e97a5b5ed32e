#include "host/report/png.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include "segue/core/error.hpp"

namespace segue::report {
namespace {

std::string big_endian(std::uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8)
    bytes += static_cast<char>(value >> shift & 0xff);
  return bytes;
}

/// Length, type, data and the checksum of the last two.
std::string chunk(const std::string& type, const std::string& data) {
  const std::string content = type + data;
  const uLong checksum = crc32(0, reinterpret_cast<const Bytef*>(content.data()), static_cast<uInt>(content.size()));
  return big_endian(static_cast<std::uint32_t>(data.size())) + content +
         big_endian(static_cast<std::uint32_t>(checksum));
}

std::string deflated(const std::string& bytes) {
  uLongf size = compressBound(static_cast<uLong>(bytes.size()));
  std::string out(size, '\0');
  const int code = compress2(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(bytes.data()),
                             static_cast<uLong>(bytes.size()), Z_BEST_COMPRESSION);
  if (code != Z_OK)
    throw Error(fmt::format("cannot compress an image of {} bytes: zlib error {}", bytes.size(), code));
  out.resize(size);
  return out;
}

}  // namespace

std::string png(MatrixView<const std::uint8_t> pixels, std::span<const Color> palette) {
  constexpr std::string_view kEightBitPalette("\x08\x03\0\0\0",
                                              5);  // depth, colour type, deflate, filters, no interlace
  std::string colors, rows;
  for (const Color& color : palette)
    colors.append(color.begin(), color.end());
  for (std::int64_t row = 0; row < pixels.rows(); ++row) {
    rows += '\0';  // no filter
    rows.append(pixels.row(row).begin(), pixels.row(row).end());
  }
  const std::string header = big_endian(static_cast<std::uint32_t>(pixels.columns())) +
                             big_endian(static_cast<std::uint32_t>(pixels.rows())) + std::string(kEightBitPalette);
  return "\x89PNG\r\n\x1a\n" + chunk("IHDR", header) + chunk("PLTE", colors) + chunk("IDAT", deflated(rows)) +
         chunk("IEND", "");
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t have = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j)
      group = group << 8 | (j < have ? static_cast<unsigned char>(bytes[i + j]) : 0u);
    for (std::size_t j = 0; j < 4; ++j)
      out += j <= have ? kDigits[group >> (18 - 6 * j) & 63] : '=';
  }
  return out;
}

}  // namespace segue::report
