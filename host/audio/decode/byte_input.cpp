#include "host/audio/decode/byte_input.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "host/audio/decode/libav.hpp"
#include "segue/core/error.hpp"

namespace segue::audio {
namespace {

constexpr int kBufferBytes = 1 << 15;

class FileInput final : public ByteInput {
 public:
  explicit FileInput(const std::filesystem::path& path) : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (descriptor_ < 0)
      throw IoError("open", path, errno);
    struct stat status {};
    const int failed = ::fstat(descriptor_, &status) != 0 ? errno : S_ISDIR(status.st_mode) ? EISDIR : 0;
    if (failed != 0) {
      ::close(descriptor_);
      throw IoError("read", path, failed);
    }
    size_ = S_ISREG(status.st_mode) ? std::int64_t{status.st_size} : -1;
    set_seekable(size_ >= 0);
  }
  ~FileInput() override { ::close(descriptor_); }

 private:
  std::int64_t read(std::span<std::uint8_t> buffer) override {
    ssize_t bytes;
    do
      bytes = ::read(descriptor_, buffer.data(), buffer.size());
    while (bytes < 0 && errno == EINTR);
    return bytes;
  }
  std::int64_t seek(std::int64_t offset, int whence) override { return ::lseek(descriptor_, offset, whence); }
  std::int64_t size() const override { return size_; }

  int descriptor_;
  std::int64_t size_ = -1;
};

class MemoryInput final : public ByteInput {
 public:
  explicit MemoryInput(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

 private:
  std::int64_t read(std::span<std::uint8_t> buffer) override {
    const auto rest = bytes_.subspan(static_cast<std::size_t>(std::min(position_, size())));
    const std::size_t count = std::min(rest.size(), buffer.size());
    std::copy_n(rest.begin(), count, buffer.begin());
    position_ += static_cast<std::int64_t>(count);
    return static_cast<std::int64_t>(count);
  }
  std::int64_t seek(std::int64_t offset, int whence) override {
    const std::int64_t origin = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? position_ : size();
    if (offset < -origin)
      return -1;
    return position_ = origin + offset;
  }
  std::int64_t size() const override { return static_cast<std::int64_t>(bytes_.size()); }

  std::span<const std::uint8_t> bytes_;
  std::int64_t position_ = 0;
};

}  // namespace

ByteInput::ByteInput() {
  libav::set_up();
  auto* buffer = static_cast<unsigned char*>(libav::allocated(av_malloc(kBufferBytes)));
  context_ = avio_alloc_context(buffer, kBufferBytes, /*write_flag=*/0, this, read_callback, nullptr, seek_callback);
  if (context_ == nullptr) {
    av_free(buffer);
    throw std::bad_alloc();
  }
}

ByteInput::~ByteInput() {
  av_freep(&context_->buffer);
  avio_context_free(&context_);
}

void ByteInput::set_seekable(bool seekable) {
  context_->seekable = seekable ? AVIO_SEEKABLE_NORMAL : 0;
}

int ByteInput::read_callback(void* self, std::uint8_t* buffer, int bytes) {
  auto& input = *static_cast<ByteInput*>(self);
  const std::int64_t count = input.read({buffer, static_cast<std::size_t>(bytes)});
  if (count < 0)
    input.error_number_ = errno;
  return count < 0 ? AVERROR(input.error_number_) : count == 0 ? AVERROR_EOF : static_cast<int>(count);
}

std::int64_t ByteInput::seek_callback(void* self, std::int64_t offset, int whence) {
  auto& input = *static_cast<ByteInput*>(self);
  if ((whence & AVSEEK_SIZE) != 0)
    return input.size() < 0 ? AVERROR(ENOSYS) : input.size();
  const std::int64_t position = input.seek(offset, whence & ~AVSEEK_FORCE);
  return position < 0 ? AVERROR(EINVAL) : position;
}

std::unique_ptr<ByteInput> file_input(const std::filesystem::path& path) {
  return std::make_unique<FileInput>(path);
}

std::unique_ptr<ByteInput> memory_input(std::span<const std::uint8_t> bytes) {
  return std::make_unique<MemoryInput>(bytes);
}

}  // namespace segue::audio
