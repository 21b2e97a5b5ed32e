#include "host/data/byte_source.hpp"

#include <bzlib.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "segue/core/aligned.hpp"
#include "segue/core/error.hpp"

namespace segue::data {
namespace {

constexpr std::size_t kInputBytes = 256 << 10;

// A descriptor with a window onto the bytes that have been read and not yet used.
class InputFile {
 public:
  explicit InputFile(std::filesystem::path path) : path_(std::move(path)), buffer_(kInputBytes) {
    descriptor_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor_ < 0)
      throw IoError("open", path_, errno);
    const bool failed = ::fstat(descriptor_, &status_) != 0;
    if (failed || S_ISDIR(status_.st_mode)) {
      const int error_number = failed ? errno : EISDIR;
      ::close(descriptor_);
      throw IoError("read", path_, error_number);
    }
  }
  ~InputFile() { ::close(descriptor_); }
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::int64_t bytes() const { return S_ISREG(status_.st_mode) ? status_.st_size : 0; }
  std::int64_t position() const { return position_ - static_cast<std::int64_t>(window_.size()); }

  std::string_view buffered() const { return window_; }
  // The same, but when it is used up more is read. Empty at the end of the file.
  std::string_view window() {
    if (window_.empty())
      refill(0);
    return window_;
  }
  // The next `count` bytes, fewer at the end of the file.
  std::string_view peek(std::size_t count) {
    while (window_.size() < count && refill(window_.size())) {
    }
    return window_.substr(0, count);
  }
  void consume(std::size_t count) { window_.remove_prefix(count); }

  // Past the window, straight into `out`. 0 at the end.
  std::size_t read(char* out, std::size_t size) {
    ssize_t count = 0;
    do {
      count = ::read(descriptor_, out, size);
    } while (count < 0 && errno == EINTR);
    if (count < 0)
      throw IoError("read", path_, errno);
    position_ += count;
    return static_cast<std::size_t>(count);
  }

  // A log that somebody still writes is read in part, and nobody knows which.
  void require_unchanged() const {
    struct stat now {};
    if (!S_ISREG(status_.st_mode) || ::fstat(descriptor_, &now) != 0)
      return;
    if (now.st_size != status_.st_size || now.st_mtim.tv_sec != status_.st_mtim.tv_sec ||
        now.st_mtim.tv_nsec != status_.st_mtim.tv_nsec)
      throw BadInput(
          fmt::format("{}: was changed while it was read (it had {} bytes, now {}); wait until it is written, "
                      "or read a copy",
                      path_.string(), status_.st_size, now.st_size));
  }

 private:
  bool refill(std::size_t kept) {
    std::memmove(buffer_.data(), window_.data(), kept);
    const std::size_t count = read(buffer_.data() + kept, buffer_.size() - kept);
    window_ = {buffer_.data(), kept + count};
    return count > 0;
  }

  std::filesystem::path path_;
  AlignedVector<char> buffer_;
  std::string_view window_{buffer_.data(), 0};
  int descriptor_ = -1;
  struct stat status_ {};  // when it was opened
  std::int64_t position_ = 0;
};

class Source : public ByteSource {
 public:
  explicit Source(std::unique_ptr<InputFile> file) : file_(std::move(file)) {}

  std::size_t read(std::span<char> out) final {
    std::size_t filled = std::string_view(peeked_).copy(out.data(), out.size());
    peeked_.erase(0, filled);
    if (filled < out.size())
      filled += decompress(out.subspan(filled));
    if (filled < out.size())
      file_->require_unchanged();
    return filled;
  }

  std::string_view peek(std::size_t size) final {
    const std::size_t before = peeked_.size();
    if (size > before) {
      peeked_.resize(size);
      peeked_.resize(before + decompress({peeked_.data() + before, size - before}));
    }
    return std::string_view(peeked_).substr(0, size);
  }

  std::int64_t file_position() const final { return file_->position(); }
  std::int64_t file_bytes() const final { return file_->bytes(); }

 protected:
  // Fills `out`, but for the end of the content.
  virtual std::size_t decompress(std::span<char> out) = 0;

  [[noreturn]] void damaged(std::string_view what) const {
    file_->require_unchanged();
    throw BadInput(fmt::format("{}: {} at byte {} of the file; copy or compress it again", file_->path().string(), what,
                               file_->position()));
  }
  std::unique_ptr<InputFile> file_;

 private:
  std::string peeked_;
};

class PlainSource final : public Source {
 public:
  using Source::Source;

 private:
  std::size_t decompress(std::span<char> out) override {
    const std::string_view peeked = file_->buffered().substr(0, out.size());
    std::size_t filled = peeked.copy(out.data(), out.size());
    file_->consume(filled);
    while (filled < out.size()) {
      const std::size_t count = file_->read(out.data() + filled, out.size() - filled);
      if (count == 0)
        break;
      filled += count;
    }
    return filled;
  }
};

class GzipSource final : public Source {
 public:
  explicit GzipSource(std::unique_ptr<InputFile> file) : Source(std::move(file)) {
    constexpr int kGzipWithLargestWindow = 16 + MAX_WBITS;
    if (inflateInit2(&stream_, kGzipWithLargestWindow) != Z_OK)
      throw Error("zlib cannot start");
  }
  ~GzipSource() override { inflateEnd(&stream_); }

 private:
  std::size_t decompress(std::span<char> out) override {
    std::size_t filled = 0;
    while (filled < out.size() && begin_member())
      filled += inflate_some(out.subspan(filled));
    return filled;
  }

  // False at the end of the file between members. Zeros there are padding, as tapes and block devices leave it.
  bool begin_member() {
    if (inside_)
      return true;
    for (std::string_view window = file_->window(); !window.empty(); window = file_->window()) {
      const std::size_t zeros = std::min(window.find_first_not_of('\0'), window.size());
      file_->consume(zeros);
      if (zeros == window.size())
        continue;
      if (file_->peek(2) != "\x1f\x8b")
        damaged("something that is not gzip follows the gzip data");
      inflateReset(&stream_);
      return inside_ = true;
    }
    return false;
  }

  std::size_t inflate_some(std::span<char> out) {
    const std::string_view window = file_->window();
    if (window.empty())
      damaged("the gzip data end too early");
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(window.data()));
    stream_.avail_in = static_cast<uInt>(window.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<uInt>(std::min<std::size_t>(out.size(), 1 << 30));
    const std::size_t offered = stream_.avail_out;
    const int result = inflate(&stream_, Z_NO_FLUSH);
    file_->consume(window.size() - stream_.avail_in);
    if (result == Z_STREAM_END)
      inside_ = false;
    else if (result != Z_OK && result != Z_BUF_ERROR)
      damaged(fmt::format("damaged gzip data ({})", stream_.msg != nullptr ? stream_.msg : "zlib gives no reason"));
    return offered - stream_.avail_out;
  }

  z_stream stream_{};
  bool inside_ = false;  // a member
};

class ZstdSource final : public Source {
 public:
  explicit ZstdSource(std::unique_ptr<InputFile> file) : Source(std::move(file)), stream_(ZSTD_createDCtx()) {
    if (stream_ == nullptr)
      throw Error("zstd cannot start");
  }
  ~ZstdSource() override { ZSTD_freeDCtx(stream_); }

 private:
  std::size_t decompress(std::span<char> out) override {
    ZSTD_outBuffer output{out.data(), out.size(), 0};
    while (output.pos < output.size) {
      const std::string_view window = file_->window();
      if (window.empty() && !inside_)
        break;
      ZSTD_inBuffer input{window.data(), window.size(), 0};
      const std::size_t before = output.pos;
      const std::size_t result = ZSTD_decompressStream(stream_, &output, &input);
      file_->consume(input.pos);
      if (ZSTD_isError(result))
        damaged(fmt::format("damaged zstd data ({})", ZSTD_getErrorName(result)));
      inside_ = result != 0;
      if (inside_ && window.empty() && output.pos == before)
        damaged("the zstd data end too early");
    }
    return output.pos;
  }

  ZSTD_DCtx* stream_;
  bool inside_ = false;  // a frame
};

// A file of one stream or of several, as pbzip2 writes them.
class Bzip2Source final : public Source {
 public:
  explicit Bzip2Source(std::unique_ptr<InputFile> file) : Source(std::move(file)) { begin_stream(); }
  ~Bzip2Source() override { BZ2_bzDecompressEnd(&stream_); }

 private:
  void begin_stream() {
    stream_ = {};
    if (BZ2_bzDecompressInit(&stream_, 0, 0) != BZ_OK)
      throw Error("bzip2 cannot start");
    inside_ = true;
  }

  std::size_t decompress(std::span<char> out) override {
    std::size_t filled = 0;
    while (filled < out.size()) {
      const std::string_view window = file_->window();
      if (window.empty() && !inside_)
        break;
      if (window.empty())
        damaged("the bzip2 data end too early");
      if (!inside_) {
        BZ2_bzDecompressEnd(&stream_);
        begin_stream();
      }
      filled += decompress_some(window, out.subspan(filled));
    }
    return filled;
  }

  std::size_t decompress_some(std::string_view window, std::span<char> out) {
    stream_.next_in = const_cast<char*>(window.data());
    stream_.avail_in = static_cast<unsigned>(window.size());
    stream_.next_out = out.data();
    stream_.avail_out = static_cast<unsigned>(std::min<std::size_t>(out.size(), 1 << 30));
    const std::size_t offered = stream_.avail_out;
    const int result = BZ2_bzDecompress(&stream_);
    file_->consume(window.size() - stream_.avail_in);
    if (result == BZ_STREAM_END)
      inside_ = false;
    else if (result != BZ_OK)
      damaged(fmt::format("damaged bzip2 data (error {})", result));
    return offered - stream_.avail_out;
  }

  bz_stream stream_{};
  bool inside_ = false;  // a stream
};

}  // namespace

std::unique_ptr<ByteSource> open_source(const std::filesystem::path& path) {
  auto file = std::make_unique<InputFile>(path);
  const std::string_view magic = file->peek(4);
  if (magic.starts_with("\x1f\x8b"))
    return std::make_unique<GzipSource>(std::move(file));
  const bool skippable = magic.size() == 4 && (magic[0] & '\xf0') == '\x50' && magic.substr(1) == "\x2a\x4d\x18";
  if (magic == "\x28\xb5\x2f\xfd" || skippable)
    return std::make_unique<ZstdSource>(std::move(file));
  if (magic.starts_with("BZh") && magic.size() == 4 && magic[3] >= '1' && magic[3] <= '9')
    return std::make_unique<Bzip2Source>(std::move(file));
  return std::make_unique<PlainSource>(std::move(file));
}

}  // namespace segue::data
