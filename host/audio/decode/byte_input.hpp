#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

struct AVIOContext;

namespace segue::audio {

/// The bytes of one open file, for libav: it never opens a name by itself, so that "http:…", or what a playlist or a
/// QuickTime reference points to, stays shut.
class ByteInput {
 public:
  ByteInput();
  virtual ~ByteInput();
  ByteInput(const ByteInput&) = delete;
  ByteInput& operator=(const ByteInput&) = delete;

  AVIOContext* context() const { return context_; }
  /// errno of the read that failed; 0: none did.
  int error_number() const { return error_number_; }

 protected:
  /// How many bytes were read; 0 at the end, -1 with errno set.
  virtual std::int64_t read(std::span<std::uint8_t> buffer) = 0;
  /// The new position, or -1. @param whence  SEEK_SET, SEEK_CUR or SEEK_END
  virtual std::int64_t seek(std::int64_t offset, int whence) = 0;
  /// -1: not known, a pipe.
  virtual std::int64_t size() const = 0;
  void set_seekable(bool seekable);

 private:
  static int read_callback(void* self, std::uint8_t* buffer, int bytes);
  static std::int64_t seek_callback(void* self, std::int64_t offset, int whence);

  AVIOContext* context_;
  int error_number_ = 0;
};

/// @throws IoError  cannot be opened, or is a folder
std::unique_ptr<ByteInput> file_input(const std::filesystem::path& path);
/// `bytes` is borrowed.
std::unique_ptr<ByteInput> memory_input(std::span<const std::uint8_t> bytes);

}  // namespace segue::audio
