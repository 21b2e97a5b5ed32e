#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "segue/core/file.hpp"

namespace segue::data {

/// A zip archive whose members are stored as they are (PKWARE's APPNOTE 6.3). Every size has its zip64 field, so that
/// there is no 4 GiB to be careful about. Dates are 1980-01-01: the same content is the same bytes.
class StoredZip {
 public:
  explicit StoredZip(AtomicFile& file) : file_(file) {}

  /// The member's bytes are `head` and then `body`.
  void add(std::string_view name, std::string_view head, std::span<const std::byte> body);
  /// The directory of the members, at the end of the file.
  void finish();

 private:
  void write(std::string_view bytes);

  AtomicFile& file_;
  std::string directory_;
  std::uint64_t members_ = 0;
  std::uint64_t position_ = 0;
};

}  // namespace segue::data
