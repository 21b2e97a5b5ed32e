#include "host/data/parquet/codec.hpp"

#include <fmt/format.h>
#include <lz4.h>
#include <snappy.h>
#include <zlib.h>
#include <zstd.h>

#include <cstdint>
#include <cstring>
#include <new>

#include "host/data/parquet/damage.hpp"

namespace segue::data::parquet {
namespace {

constexpr std::size_t kLargestPage = std::size_t{1} << 30;

// The most that one compressed byte can become, rounded up.
std::size_t highest_ratio(Codec codec) {
  switch (codec) {
    case Codec::snappy:
      return 24;  // 64 bytes by a copy of 3
    case Codec::gzip:
      return 1040;  // 258 bytes by a match of 2 bits
    case Codec::lz4:
    case Codec::lz4_raw:
      return 256;  // 255 bytes of match length by one
    default:
      return 40'000;  // zstd: a block of 128 KiB by 4 bytes
  }
}

bool decompress_snappy(std::string_view bytes, char* out, std::size_t size) {
  std::size_t declared = 0;
  return snappy::GetUncompressedLength(bytes.data(), bytes.size(), &declared) && declared == size &&
         snappy::RawUncompress(bytes.data(), bytes.size(), out);
}

// One gzip member or several, or a zlib stream.
bool decompress_gzip(std::string_view bytes, char* out, std::size_t size) {
  constexpr int kGzipOrZlib = 32 + MAX_WBITS;
  z_stream stream{};
  if (inflateInit2(&stream, kGzipOrZlib) != Z_OK)
    throw std::bad_alloc();
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out);
  stream.avail_out = static_cast<uInt>(size);
  int result = inflate(&stream, Z_FINISH);
  while (result == Z_STREAM_END && stream.avail_in > 0 && inflateReset(&stream) == Z_OK)
    result = inflate(&stream, Z_FINISH);
  inflateEnd(&stream);
  return result == Z_STREAM_END && stream.avail_out == 0;
}

bool decompress_zstd(std::string_view bytes, char* out, std::size_t size) {
  return ZSTD_decompress(out, size, bytes.data(), bytes.size()) == size;
}

bool decompress_lz4_block(std::string_view bytes, char* out, std::size_t size) {
  const int written = LZ4_decompress_safe(bytes.data(), out, static_cast<int>(bytes.size()), static_cast<int>(size));
  return written >= 0 && static_cast<std::size_t>(written) == size;
}

std::size_t take_big_endian_32(std::string_view& bytes) {
  std::uint32_t value = 0;
  std::memcpy(&value, bytes.data(), sizeof value);
  bytes.remove_prefix(sizeof value);
  return __builtin_bswap32(value);
}

// Hadoop's frames: the size decompressed, the size compressed, both big-endian, and a block.
bool decompress_lz4_frames(std::string_view bytes, char* out, std::size_t size) {
  while (bytes.size() >= 8) {
    const std::size_t block_size = take_big_endian_32(bytes), compressed = take_big_endian_32(bytes);
    if (compressed > bytes.size() || block_size > size ||
        !decompress_lz4_block(bytes.substr(0, compressed), out, block_size))
      return false;
    bytes.remove_prefix(compressed);
    out += block_size;
    size -= block_size;
  }
  return bytes.empty() && size == 0;
}

bool decompress_into(Codec codec, std::string_view bytes, char* out, std::size_t size) {
  switch (codec) {
    case Codec::snappy:
      return decompress_snappy(bytes, out, size);
    case Codec::gzip:
      return decompress_gzip(bytes, out, size);
    case Codec::zstd:
      return decompress_zstd(bytes, out, size);
    case Codec::lz4:  // Arrow before 0.17 wrote bare blocks under this name
      return decompress_lz4_frames(bytes, out, size) || decompress_lz4_block(bytes, out, size);
    case Codec::lz4_raw:
      return decompress_lz4_block(bytes, out, size);
    default:
      return false;
  }
}

}  // namespace

std::string_view why_unread(Codec codec) {
  switch (codec) {
    case Codec::uncompressed:
    case Codec::snappy:
    case Codec::gzip:
    case Codec::lz4:
    case Codec::zstd:
    case Codec::lz4_raw:
      return "";
    case Codec::brotli:
      return "it is compressed with BROTLI, which is not read; write the file again with zstd or snappy";
    case Codec::lzo:
      return "it is compressed with LZO, which is not read; write the file again with zstd or snappy";
  }
  return "it is compressed in a way that is not known; write the file again with zstd or snappy";
}

std::unique_ptr<char[]> decompress(Codec codec, std::string_view bytes, std::size_t size) {
  if (size > kLargestPage || size / highest_ratio(codec) > bytes.size())
    throw Damage(fmt::format("it would become {} bytes out of {}, more than can be", size, bytes.size()));
  auto out = std::make_unique_for_overwrite<char[]>(size + kReadAhead);
  std::memset(out.get() + size, 0, kReadAhead);
  if (!decompress_into(codec, bytes, out.get(), size))
    throw Damage(fmt::format("its {} bytes do not decompress to the {} that its header says", bytes.size(), size));
  return out;
}

}  // namespace segue::data::parquet
