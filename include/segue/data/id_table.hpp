#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace segue::data {

/// Dense rows for string ids: row 0, 1, 2, … in order of first appearance. Ids are any UTF-8 strings.
/// The const members may be called from several threads at once.
class IdTable {
 public:
  static constexpr std::int32_t kNone = -1;

  /// The id's row, appended if it is new.  @throws Error  at 2³¹ − 1 ids
  std::int32_t add(std::string_view id);
  /// The id's row or kNone.
  std::int32_t find(std::string_view id) const;
  /// The same for many ids: their cache misses overlap. rows [ids.size()]
  void find(std::span<const std::string_view> ids, std::span<std::int32_t> rows) const;
  /// Valid until the next add().
  std::string_view id(std::int32_t row) const {
    const std::size_t i = static_cast<std::size_t>(row);
    return {characters_.data() + offsets_[i], static_cast<std::size_t>(offsets_[i + 1] - offsets_[i])};
  }
  std::int64_t size() const { return static_cast<std::int64_t>(offsets_.size()) - 1; }
  void reserve(std::int64_t ids);
  std::int64_t memory_bytes() const;

  /// The id's row.  @throws UnknownId  with `table` (such as "users of run X") and the three nearest ids
  std::int32_t require(std::string_view id, std::string_view table) const;

 private:
  struct Slot {
    std::uint32_t hash = 0;
    std::int32_t row = kNone;
  };
  std::size_t slot_of(std::string_view id, std::uint32_t hash) const;
  void rehash(std::size_t slots);

  std::string characters_;                 // all ids, end to end
  std::vector<std::uint64_t> offsets_{0};  // size() + 1
  std::vector<Slot> slots_;                // open addressing, power of two, at most half full
};

/// `ids.tsv`: a header line "row<TAB>id", then a line an id; tab, newline, carriage return and backslash in an id are
/// written \t \n \r \\.  @param count  how many of the first ids to write; all of them by default
/// @throws IoError
void write_ids(const std::filesystem::path& path, const IdTable& ids, std::int64_t count = INT64_MAX);
/// @throws IoError, BadInput  (a row out of sequence, a duplicate id, another header)
IdTable read_ids(const std::filesystem::path& path);
/// The text of an ids.tsv; `name` is for messages.  @throws BadInput
IdTable parse_ids(std::string_view text, const std::string& name);

}  // namespace segue::data
