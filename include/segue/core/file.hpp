#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace segue {

/// A file that appears under its name whole or not at all: written beside it, fsynced, renamed by commit().
/// Destroyed without commit(), it leaves nothing. A symlink stays, and the file it points to is replaced in this way,
/// or made. What cannot be replaced is opened and written as it is, so that bytes may be there before commit(): a
/// device, a pipe, and an open descriptor by its name (/dev/stdout, /dev/fd/3), which is written where it stands.
class AtomicFile {
 public:
  /// @throws IoError  the folder cannot be written, or the path is a folder
  explicit AtomicFile(std::filesystem::path path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::string_view bytes);
  void write(std::span<const std::byte> bytes);
  /// Flushes, fsyncs, renames, fsyncs the folder.  @throws IoError
  void commit();

 private:
  const std::filesystem::path& opened() const { return temporary_.empty() ? path_ : temporary_; }
  void flush();

  std::filesystem::path path_;
  std::filesystem::path temporary_;  // empty: path_ is written as it is
  std::string buffer_;
  int descriptor_ = -1;
};

/// A file mapped read-only. Empty files map to an empty span.
class MappedFile {
 public:
  /// @throws IoError
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&&) = delete;

  std::span<const std::byte> bytes() const { return {data_, size_}; }
  std::string_view text() const { return {reinterpret_cast<const char*>(data_), size_}; }

 private:
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

/// The whole file.  @throws IoError
std::string read_file(const std::filesystem::path& path);
/// AtomicFile in one call.  @throws IoError
void write_file(const std::filesystem::path& path, std::string_view content);
/// Makes a rename inside the folder durable.  @throws IoError
void fsync_directory(const std::filesystem::path& directory);

}  // namespace segue
