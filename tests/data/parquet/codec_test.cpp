// Bytes compressed by the libraries themselves.
#include "host/data/parquet/codec.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <lz4.h>
#include <zstd.h>

#include <cstring>
#include <string>

#include "host/data/parquet/damage.hpp"
#include "tests/data/test_files.hpp"

namespace segue::data::parquet {
namespace {

using testing::HasSubstr;

std::string text_of(std::size_t size) {
  std::string text;
  while (text.size() < size)
    text += "song " + std::to_string(text.size() % 977) + ", ";
  text.resize(size);
  return text;
}

std::string lz4_block(std::string_view text) {
  std::string out(static_cast<std::size_t>(LZ4_compressBound(static_cast<int>(text.size()))), '\0');
  const int size =
      LZ4_compress_default(text.data(), out.data(), static_cast<int>(text.size()), static_cast<int>(out.size()));
  return out.substr(0, static_cast<std::size_t>(size));
}

std::string big_endian_32(std::size_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8)
    bytes += static_cast<char>(value >> shift);
  return bytes;
}

// As Hadoop's Lz4Codec frames its blocks.
std::string lz4_frame(std::string_view text) {
  const std::string block = lz4_block(text);
  return big_endian_32(text.size()) + big_endian_32(block.size()) + block;
}

std::string decompressed(Codec codec, const std::string& bytes, std::size_t size) {
  return std::string(decompress(codec, bytes, size).get(), size);
}

std::string refusal(Codec codec, const std::string& bytes, std::size_t size) {
  return test::message_of<Damage>([&] { decompress(codec, bytes, size); });
}

TEST(Codec, DecompressesGzipOfSeveralMembers) {
  const std::string text = text_of(100'000);
  EXPECT_EQ(decompressed(Codec::gzip, test::gzip(text), text.size()), text);
  EXPECT_EQ(decompressed(Codec::gzip, test::gzip(text.substr(0, 777)) + test::gzip(text.substr(777)), text.size()),
            text);
}

TEST(Codec, DecompressesHadoopsFramesAndBareBlocksUnderTheNameLz4) {
  const std::string text = text_of(100'000);
  EXPECT_EQ(decompressed(Codec::lz4, lz4_frame(text), text.size()), text);
  EXPECT_EQ(decompressed(Codec::lz4, lz4_frame(text.substr(0, 65'536)) + lz4_frame(text.substr(65'536)), text.size()),
            text);
  EXPECT_EQ(decompressed(Codec::lz4, lz4_block(text), text.size()), text);
  EXPECT_EQ(decompressed(Codec::lz4_raw, lz4_block(text), text.size()), text);
  EXPECT_THAT(refusal(Codec::lz4_raw, lz4_frame(text), text.size()), HasSubstr("do not decompress to the 100000"));
}

TEST(Codec, RefusesAnotherSizeThanTheHeaders) {
  const std::string text = text_of(5000);
  for (const std::size_t size : {std::size_t{0}, text.size() - 1, text.size() + 1}) {
    EXPECT_THAT(refusal(Codec::gzip, test::gzip(text), size), HasSubstr("do not decompress to the "));
    EXPECT_THAT(refusal(Codec::zstd, test::zstd(text), size), HasSubstr("do not decompress to the "));
    EXPECT_THAT(refusal(Codec::lz4, lz4_frame(text), size), HasSubstr("do not decompress to the "));
    EXPECT_THAT(refusal(Codec::lz4_raw, lz4_block(text), size), HasSubstr("do not decompress to the "));
  }
}

TEST(Codec, RefusesWhatIsCutShort) {
  const std::string text = text_of(5000);
  for (const Codec codec : {Codec::gzip, Codec::zstd, Codec::lz4, Codec::lz4_raw, Codec::snappy}) {
    const std::string whole = codec == Codec::gzip   ? test::gzip(text)
                              : codec == Codec::zstd ? test::zstd(text)
                              : codec == Codec::lz4  ? lz4_frame(text)
                                                     : lz4_block(text);
    EXPECT_THAT(refusal(codec, whole.substr(0, whole.size() - 1), text.size()), HasSubstr("do not decompress"));
  }
}

// The most repetitive content that there is stays within the ratio that is taken for possible.
TEST(Codec, DecompressesWhatIsMostCompressible) {
  const std::string zeros(std::size_t{16} << 20, '\0');
  EXPECT_EQ(decompressed(Codec::gzip, test::gzip(zeros), zeros.size()), zeros);
  EXPECT_EQ(decompressed(Codec::zstd, test::zstd(zeros), zeros.size()), zeros);
  EXPECT_EQ(decompressed(Codec::lz4_raw, lz4_block(zeros), zeros.size()), zeros);
}

TEST(Codec, RefusesASizeThatTheCodecCannotReachBeforeAllocatingIt) {
  const std::string bytes(100, '\0');
  const std::size_t giga = std::size_t{1} << 30;
  EXPECT_THAT(refusal(Codec::snappy, bytes, giga), HasSubstr("1073741824 bytes out of 100, more than can be"));
  EXPECT_THAT(refusal(Codec::gzip, bytes, giga), HasSubstr("more than can be"));
  EXPECT_THAT(refusal(Codec::zstd, bytes, giga), HasSubstr("more than can be"));
  EXPECT_THAT(refusal(Codec::lz4, bytes, giga), HasSubstr("more than can be"));
  EXPECT_THAT(refusal(Codec::zstd, std::string(1 << 20, '\0'), giga + 1), HasSubstr("more than can be"));
}

TEST(Codec, SaysWhatToDoAboutWhatItDoesNotRead) {
  EXPECT_EQ(why_unread(Codec::zstd), "");
  EXPECT_THAT(std::string(why_unread(Codec::brotli)),
              HasSubstr("BROTLI, which is not read; write the file again with"));
  EXPECT_THAT(std::string(why_unread(Codec::lzo)), HasSubstr("LZO, which is not read; write the file again with"));
  EXPECT_THAT(std::string(why_unread(static_cast<Codec>(99))), HasSubstr("write the file again with"));
}

}  // namespace
}  // namespace segue::data::parquet
