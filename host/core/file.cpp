#include "segue/core/file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include "segue/core/error.hpp"

namespace segue {
namespace {

constexpr std::size_t kBufferBytes = 1 << 20;

void write_all(int descriptor, std::string_view bytes, const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR)
        continue;
      throw IoError("write", path, errno);
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::filesystem::path folder_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

// A path to be written, its symlinks followed.
struct Target {
  std::filesystem::path path;
  bool replaceable = true;  // a regular file, or nothing yet
};

Target find_target(std::filesystem::path path) {
  struct stat status {};
  const bool exists = ::stat(path.c_str(), &status) == 0;
  if (!exists && errno != ENOENT)
    throw IoError("open", path, errno);
  if (exists && S_ISDIR(status.st_mode))
    throw IoError("write", path, EISDIR);
  if (exists && !S_ISREG(status.st_mode))
    return {std::move(path), false};
  while (std::filesystem::is_symlink(path)) {  // ends: stat() has followed it
    const std::filesystem::path folder = folder_of(path);
    if (std::filesystem::canonical(folder).native().starts_with("/proc/"))
      return {std::move(path), false};  // a descriptor: its text need not be a path
    path = folder / std::filesystem::read_symlink(path);
  }
  return {std::move(path), true};
}

// One of this process's own descriptors is duplicated: opened by its name, its file would have a second position, and
// what is written to the two would overwrite each other.
int open_as_it_is(const std::filesystem::path& path) {
  std::error_code no_proc;
  if (!std::filesystem::equivalent(folder_of(path), "/proc/self/fd", no_proc))
    return ::open(path.c_str(), O_WRONLY | O_APPEND | O_NOCTTY | O_CLOEXEC);
  return ::fcntl(std::stoi(path.filename().string()), F_DUPFD_CLOEXEC, 0);
}

}  // namespace

AtomicFile::AtomicFile(std::filesystem::path path) {
  Target target = find_target(std::move(path));
  path_ = std::move(target.path);
  if (target.replaceable)
    temporary_ = folder_of(path_) / fmt::format(".{}.{}.tmp", path_.filename().string(), ::getpid());
  descriptor_ = target.replaceable ? ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)
                                   : open_as_it_is(path_);
  if (descriptor_ < 0)
    throw IoError(target.replaceable ? "create" : "open", opened(), errno);
  buffer_.reserve(kBufferBytes);
}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0)
    return;
  ::close(descriptor_);
  if (!temporary_.empty())
    ::unlink(temporary_.c_str());
}

void AtomicFile::write(std::string_view bytes) {
  if (buffer_.size() + bytes.size() > kBufferBytes)
    flush();
  if (bytes.size() >= kBufferBytes)
    write_all(descriptor_, bytes, opened());
  else
    buffer_.append(bytes);
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  write(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

void AtomicFile::flush() {
  write_all(descriptor_, buffer_, opened());
  buffer_.clear();
}

void AtomicFile::commit() {
  flush();
  if (temporary_.empty()) {
    if (::close(std::exchange(descriptor_, -1)) != 0)
      throw IoError("close", path_, errno);
    return;
  }
  if (::fsync(descriptor_) != 0)
    throw IoError("fsync", temporary_, errno);
  if (::rename(temporary_.c_str(), path_.c_str()) != 0)
    throw IoError("rename to", path_, errno);
  ::close(std::exchange(descriptor_, -1));
  fsync_directory(folder_of(path_));
}

MappedFile::MappedFile(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0)
    throw IoError("open", path, errno);
  struct stat status {};
  const bool is_file = ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
  void* mapping = nullptr;
  if (is_file && status.st_size > 0)
    mapping = ::mmap(nullptr, static_cast<std::size_t>(status.st_size), PROT_READ, MAP_PRIVATE, descriptor, 0);
  const int error_number = is_file ? errno : EISDIR;
  ::close(descriptor);
  if (!is_file || mapping == MAP_FAILED)
    throw IoError("map", path, error_number);
  data_ = static_cast<const std::byte*>(mapping);
  size_ = static_cast<std::size_t>(status.st_size);
}

MappedFile::~MappedFile() {
  if (data_ != nullptr)
    ::munmap(const_cast<std::byte*>(data_), size_);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

std::string read_file(const std::filesystem::path& path) {
  return std::string(MappedFile(path).text());
}

void write_file(const std::filesystem::path& path, std::string_view content) {
  AtomicFile file(path);
  file.write(content);
  file.commit();
}

void fsync_directory(const std::filesystem::path& directory) {
  const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0)
    throw IoError("open", directory, errno);
  const int result = ::fsync(descriptor);
  const int error_number = errno;
  ::close(descriptor);
  // Some network and FUSE file systems cannot fsync a directory; their renames are durable or cannot be made so.
  if (result != 0 && error_number != EINVAL)
    throw IoError("fsync", directory, error_number);
}

}  // namespace segue
