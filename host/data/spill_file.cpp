#include "host/data/spill_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <utility>

#include "segue/core/error.hpp"

namespace segue::data {

SpillFile::SpillFile(std::filesystem::path folder) : folder_(std::move(folder)) {
  std::string name = (folder_ / ".segue-spill-XXXXXX").string();
  descriptor_ = ::mkostemp(name.data(), O_CLOEXEC);
  if (descriptor_ < 0)
    throw IoError("create", name, errno);
  ::unlink(name.c_str());
}

SpillFile::~SpillFile() {
  ::close(descriptor_);
}

void SpillFile::append(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(descriptor_, bytes.data(), bytes.size(), bytes_);
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      throw IoError("spill the log to", folder_, errno);
    bytes_ += written;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

void SpillFile::read(std::int64_t at, std::span<std::byte> out) const {
  while (!out.empty()) {
    const ssize_t count = ::pread(descriptor_, out.data(), out.size(), at);
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0)
      throw IoError("read back what was spilled to", folder_, count < 0 ? errno : EIO);
    at += count;
    out = out.subspan(static_cast<std::size_t>(count));
  }
}

}  // namespace segue::data
