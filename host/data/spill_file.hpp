#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

namespace segue::data {

/// Scratch space on disk that no name leads to: it is gone when the process is, however that ends.
class SpillFile {
 public:
  /// @throws IoError  the folder cannot be written
  explicit SpillFile(std::filesystem::path folder);
  ~SpillFile();
  SpillFile(const SpillFile&) = delete;
  SpillFile& operator=(const SpillFile&) = delete;

  std::int64_t bytes() const { return bytes_; }
  /// @throws IoError  such as a full disk, naming the folder
  void append(std::span<const std::byte> bytes);
  /// @throws IoError
  void read(std::int64_t at, std::span<std::byte> out) const;

 private:
  std::filesystem::path folder_;
  int descriptor_ = -1;
  std::int64_t bytes_ = 0;
};

}  // namespace segue::data
