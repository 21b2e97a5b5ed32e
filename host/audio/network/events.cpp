#include "host/audio/network/events.hpp"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <cerrno>

#include "segue/core/error.hpp"

namespace segue::audio {
namespace {

constexpr std::array<std::uint32_t, 256> crc32c_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit)
      crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);  // Castagnoli, reflected
    table[i] = crc;
  }
  return table;
}

// TFRecord's: CRC-32C, rotated and shifted so that a checksum of checksums is no accident.
std::uint32_t masked_crc(std::string_view bytes) {
  static constexpr std::array<std::uint32_t, 256> kTable = crc32c_table();
  std::uint32_t crc = ~0u;
  for (const char byte : bytes)
    crc = kTable[(crc ^ static_cast<unsigned char>(byte)) & 0xff] ^ crc >> 8;
  return std::rotr(~crc, 15) + 0xa282ead8u;
}

template <class T>
std::string little_endian(T value) {
  static_assert(std::endian::native == std::endian::little);
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7)
    bytes += static_cast<char>(value | 0x80);
  return bytes + static_cast<char>(value);
}

// A protobuf field: number and wire type (0 varint, 1 eight bytes, 2 with its length, 5 four bytes), then the value.
std::string field(int number, int type, std::string_view value) {
  std::string bytes = varint(static_cast<std::uint64_t>(number << 3 | type));
  if (type == 2)
    bytes += varint(value.size());
  return bytes.append(value);
}

}  // namespace

std::string version_event(double wall_time) {
  return field(1, 1, little_endian(wall_time)) + field(3, 2, "brain.Event:2");
}

std::string scalar_event(std::string_view tag, std::int64_t step, float value, double wall_time) {
  const std::string summary = field(1, 2, field(1, 2, tag) + field(2, 5, little_endian(value)));
  return field(1, 1, little_endian(wall_time)) + field(2, 0, varint(static_cast<std::uint64_t>(step))) +
         field(5, 2, summary);
}

std::string tf_record(std::string_view data) {
  const std::string length = little_endian(static_cast<std::uint64_t>(data.size()));
  std::string bytes = length + little_endian(masked_crc(length));
  return bytes.append(data) + little_endian(masked_crc(data));
}

EventWriter::EventWriter(const std::filesystem::path& folder, const std::string& name, double wall_time)
    : path_(folder / fmt::format("events.out.tfevents.{}.{}", static_cast<std::int64_t>(wall_time), name)) {
  std::filesystem::create_directories(folder);
  file_.open(path_, std::ios::binary | std::ios::app);
  record(version_event(wall_time));
}

void EventWriter::scalar(std::string_view tag, std::int64_t step, float value, double wall_time) {
  record(scalar_event(tag, step, value, wall_time));
}

void EventWriter::record(std::string_view data) {
  file_ << tf_record(data) << std::flush;
  if (!file_)
    throw IoError("write", path_, errno);
}

}  // namespace segue::audio
