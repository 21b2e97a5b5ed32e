#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>

namespace segue::data {

/// The content of a file, decompressed on the way: gzip (of several members too), zstd (of several frames too), bzip2
/// or plain, told by the first bytes.
class ByteSource {
 public:
  virtual ~ByteSource() = default;

  /// Fills `out`, but for the end of the content. Bytes written; 0 at the end.
  /// @throws IoError;  BadInput  a damaged or truncated stream: file and byte; a file that was changed while it was
  /// read
  virtual std::size_t read(std::span<char> out) = 0;

  /// What the next read() will begin with: `size` bytes, fewer at the end of the content.
  virtual std::string_view peek(std::size_t size) = 0;

  /// Of the file as it lies on disk: how much has been read, and all of it (0 for a pipe).
  virtual std::int64_t file_position() const = 0;
  virtual std::int64_t file_bytes() const = 0;
};

/// @throws IoError  no such file, a directory, no permission
std::unique_ptr<ByteSource> open_source(const std::filesystem::path& path);

}  // namespace segue::data
