#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <cmath>

#include "host/report/png.hpp"
#include "segue/core/error.hpp"
#include "segue/report/chart.hpp"

namespace segue::report {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

std::uint32_t big_endian(const std::string& bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i)
    value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

struct Decoded {
  std::uint32_t width = 0, height = 0;
  std::vector<std::uint8_t> pixels;  ///< indices
  std::string palette;
};

/// A reader of its own of what png() writes; checks the checksums.
Decoded decode(const std::string& file) {
  Decoded image;
  EXPECT_EQ(file.substr(0, 8), "\x89PNG\r\n\x1a\n");
  std::string compressed;
  for (std::size_t at = 8; at < file.size();) {
    const std::uint32_t size = big_endian(file, at);
    const std::string type = file.substr(at + 4, 4), data = file.substr(at + 8, size);
    EXPECT_EQ(big_endian(file, at + 8 + size),
              crc32(0, reinterpret_cast<const Bytef*>(file.data() + at + 4), size + 4));
    if (type == "IHDR") {
      image.width = big_endian(data, 0);
      image.height = big_endian(data, 4);
      EXPECT_EQ(data.substr(8), std::string("\x08\x03\0\0\0", 5));
    } else if (type == "PLTE") {
      image.palette = data;
    } else if (type == "IDAT") {
      compressed = data;
    }
    at += 12 + size;
  }
  std::string rows(static_cast<std::size_t>(image.height) * (image.width + 1), 'x');
  uLongf length = rows.size();
  EXPECT_EQ(uncompress(reinterpret_cast<Bytef*>(rows.data()), &length,
                       reinterpret_cast<const Bytef*>(compressed.data()), compressed.size()),
            Z_OK);
  EXPECT_EQ(length, rows.size());
  for (std::size_t row = 0; row < image.height; ++row) {
    EXPECT_EQ(rows[row * (image.width + 1)], '\0');
    for (std::size_t column = 0; column < image.width; ++column)
      image.pixels.push_back(static_cast<std::uint8_t>(rows[row * (image.width + 1) + 1 + column]));
  }
  return image;
}

std::string from_base64(const std::string& text) {
  const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    if (c == '=')
      break;
    bits = bits << 6 | static_cast<std::uint32_t>(digits.find(c));
    if ((count += 6) >= 8) {
      count -= 8;
      bytes += static_cast<char>(bits >> count & 0xff);
    }
  }
  return bytes;
}

Decoded image_of(const Drawing& drawing) {
  const std::string start = "data:image/png;base64,";
  const std::size_t at = drawing.body.find(start) + start.size();
  return decode(from_base64(drawing.body.substr(at, drawing.body.find('"', at) - at)));
}

/// The pixel in the middle of each cell; all of a cell's are the same.
std::vector<std::uint8_t> cells_of(const Drawing& drawing, std::size_t rows, std::size_t columns) {
  const Decoded image = image_of(drawing);
  const std::size_t tall = image.height / rows, wide = image.width / columns;
  EXPECT_EQ(image.height, tall * rows);
  EXPECT_EQ(image.width, wide * columns);
  std::vector<std::uint8_t> cells;
  for (std::size_t row = 0; row < rows; ++row)
    for (std::size_t column = 0; column < columns; ++column) {
      cells.push_back(image.pixels[row * tall * image.width + column * wide]);
      EXPECT_EQ(image.pixels[((row + 1) * tall - 1) * image.width + (column + 1) * wide - 1], cells.back());
    }
  return cells;
}

/// Values 0, 1, 2, … by row.
HeatMap example(std::int64_t rows, std::int64_t columns) {
  HeatMap map;
  map.options.title = "Map";
  map.options.width = 600;
  map.options.height = 240;
  map.x.title = "time, s";
  map.x.low = 0;
  map.x.high = 10;
  map.values = Matrix<float>(rows, columns);
  for (std::int64_t i = 0; i < rows * columns; ++i)
    map.values.data()[i] = static_cast<float>(i);
  for (std::int64_t row = 0; row < rows; ++row)
    map.y.categories.push_back("r" + std::to_string(row));
  return map;
}

// RFC 4648, section 10.
TEST(Base64, TestVectors) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foob"), "Zm9vYg==");
  EXPECT_EQ(base64("fooba"), "Zm9vYmE=");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64("\xff\xfe\xfd"), "//79");
}

TEST(Png, PixelsAndPalette) {
  Matrix<std::uint8_t> pixels(2, 3);
  for (std::uint8_t i = 0; i < 6; ++i)
    pixels.data()[i] = i;
  const std::vector<Color> palette{{1, 2, 3}, {4, 5, 6}, {7, 8, 9}, {10, 11, 12}, {13, 14, 15}, {255, 0, 128}};
  const Decoded image = decode(png(std::as_const(pixels).view(), palette));
  EXPECT_EQ(image.width, 3u);
  EXPECT_EQ(image.height, 2u);
  EXPECT_THAT(image.pixels, ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_EQ(image.palette.size(), 18u);
  EXPECT_EQ(image.palette.substr(15), std::string("\xff\0\x80", 3));
}

TEST(HeatMap, TheFirstRowIsAtTheBottomAndLowIsDark) {
  const Drawing drawing = draw(example(2, 3));
  EXPECT_THAT(cells_of(drawing, 2, 3), ElementsAre(153, 204, 255, 0, 51, 102));
  EXPECT_EQ(image_of(drawing).palette.size(), 256u * 3);
}

TEST(HeatMap, GivenEndsClip) {
  HeatMap map = example(1, 4);
  map.low = 1;
  map.high = 2;
  EXPECT_THAT(cells_of(draw(map), 1, 4), ElementsAre(0, 0, 255, 255));
}

TEST(HeatMap, ManyColumnsAreAveraged) {
  HeatMap map = example(1, 6000);
  const Decoded image = image_of(draw(map));
  EXPECT_EQ(image.width, 2000u);
  EXPECT_EQ(image.pixels.front(), 0);
  EXPECT_EQ(image.pixels.back(), 255);
}

TEST(HeatMap, WhatIsNotFiniteIsLowest) {
  HeatMap map = example(1, 3);
  map.values(0, 1) = NAN;
  map.values(0, 2) = INFINITY;
  map.values(0, 0) = 5;
  EXPECT_THAT(cells_of(draw(map), 1, 3), ElementsAre(0, 0, 0));
  map.values(0, 0) = NAN;
  EXPECT_THAT(draw(map).body, HasSubstr("No data to show"));
  EXPECT_THAT(draw(example(0, 0)).body, HasSubstr("No data to show"));
}

TEST(HeatMap, NamesTicksAndDescription) {
  HeatMap map = example(3, 10);
  map.ticks = {1, 2, 99};  // the last is outside
  map.long_ticks = {1};
  const Drawing drawing = draw(map);
  for (const char* text : {">r0<", ">r2<", ">time, s<", ">Map<"})
    EXPECT_THAT(drawing.body, HasSubstr(text));
  EXPECT_EQ(drawing.description, "Heat map of 3 rows and 10 columns, values from 0 to 29.");
  std::size_t moves = 0;
  const std::size_t path = drawing.body.find("stroke=\"#fff\"");
  for (std::size_t at = path; at < drawing.body.find("/>", path); ++at)
    moves += drawing.body[at] == 'M' ? 1 : 0;
  EXPECT_EQ(moves, 2u);
}

TEST(HeatMap, LeftMarginAligns) {
  HeatMap map = example(2, 3);
  map.options.left = 120;
  EXPECT_THAT(draw(map).body, HasSubstr("<image x=\"120\""));
}

TEST(HeatMap, RefusesWhatDoesNotFit) {
  HeatMap map = example(2, 3);
  map.y.categories.pop_back();
  EXPECT_THAT([&] { draw(map); }, ThrowsMessage<InvalidArgument>(HasSubstr("2 rows and 1 categories")));
  map = example(2, 3);
  map.x.high.reset();
  EXPECT_THAT([&] { draw(map); }, ThrowsMessage<InvalidArgument>(HasSubstr("expected x.low and x.high")));
}

}  // namespace
}  // namespace segue::report
