#include "host/data/export/stored_zip.hpp"

#include <zlib.h>

namespace segue::data {
namespace {

constexpr std::uint64_t kVersion = 45;  // the first with zip64
constexpr std::uint64_t kStored = 0;
constexpr std::uint64_t kTime = 0, kDate = 1 << 5 | 1;     // 1980-01-01 00:00
constexpr std::uint64_t kSee64 = 0xFFFFFFFF;               // the value is in the zip64 field
constexpr std::uint64_t kZip64 = 1, kDirectoryBytes = 44;  // of the zip64 end of the directory, after its length

class Fields {
 public:
  Fields& u16(std::uint64_t value) { return put(value, 2); }
  Fields& u32(std::uint64_t value) { return put(value, 4); }
  Fields& u64(std::uint64_t value) { return put(value, 8); }
  Fields& text(std::string_view value) {
    bytes_ += value;
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  Fields& put(std::uint64_t value, int count) {
    for (int byte = 0; byte < count; ++byte)
      bytes_ += static_cast<char>(value >> (8 * byte) & 0xff);
    return *this;
  }

  std::string bytes_;
};

std::uint64_t crc_of(std::string_view head, std::span<const std::byte> body) {
  const uLong crc = crc32_z(0, reinterpret_cast<const Bytef*>(head.data()), head.size());
  return body.empty() ? crc : crc32_z(crc, reinterpret_cast<const Bytef*>(body.data()), body.size());
}

}  // namespace

void StoredZip::add(std::string_view name, std::string_view head, std::span<const std::byte> body) {
  const std::uint64_t crc = crc_of(head, body), size = head.size() + body.size();
  // What the two headers of a member share.
  Fields common;
  common.u16(kVersion).u16(0).u16(kStored).u16(kTime).u16(kDate).u32(crc).u32(kSee64).u32(kSee64).u16(name.size());
  Fields entry;
  entry.u32(0x02014b50).u16(kVersion).text(common.bytes()).u16(28).u16(0).u16(0).u16(0).u32(0).u32(kSee64).text(name);
  entry.u16(kZip64).u16(24).u64(size).u64(size).u64(position_);
  directory_ += entry.bytes();
  ++members_;

  Fields local;
  local.u32(0x04034b50).text(common.bytes()).u16(20).text(name).u16(kZip64).u16(16).u64(size).u64(size);
  write(local.bytes());
  write(head);
  file_.write(body);
  position_ += body.size();
}

void StoredZip::finish() {
  const std::uint64_t begin = position_, end = begin + directory_.size();
  write(directory_);
  Fields tail;
  tail.u32(0x06064b50).u64(kDirectoryBytes).u16(kVersion).u16(kVersion).u32(0).u32(0);
  tail.u64(members_).u64(members_).u64(directory_.size()).u64(begin);
  tail.u32(0x07064b50).u32(0).u64(end).u32(1);
  tail.u32(0x06054b50).u16(0).u16(0).u16(members_).u16(members_).u32(kSee64).u32(kSee64).u16(0);
  write(tail.bytes());
}

void StoredZip::write(std::string_view bytes) {
  file_.write(bytes);
  position_ += bytes.size();
}

}  // namespace segue::data
