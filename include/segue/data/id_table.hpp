#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace segue::data {

/// Dense rows for string ids: row 0, 1, 2, … in order of first appearance. Ids are any UTF-8 strings.
class IdTable {
 public:
  static constexpr std::int32_t kNone = -1;

  /// The id's row, appended if it is new.  @throws Error  at 2³¹ − 1 ids
  std::int32_t add(std::string_view id);
  /// The id's row or kNone.
  std::int32_t find(std::string_view id) const;
  /// Valid until the next add().
  std::string_view id(std::int32_t row) const;
  std::int64_t size() const;
  void reserve(std::int64_t ids);
  std::int64_t memory_bytes() const;

  /// The id's row.  @throws UnknownId  with `table` (such as "users of run X") and the three nearest ids
  std::int32_t require(std::string_view id, std::string_view table) const;

 private:
  struct Slot {
    std::uint32_t hash;
    std::int32_t row;
  };
  std::size_t slot_of(std::string_view id, std::uint32_t hash) const;
  void grow();

  std::string characters_;              // all ids, end to end
  std::vector<std::uint64_t> offsets_;  // size() + 1 once anything is added
  std::vector<Slot> slots_;             // open addressing, power of two, at most half full
};

/// `ids.tsv`: a header line "row<TAB>id", then a line an id; tab, newline, carriage return and backslash in an id are
/// written \t \n \r \\.  @throws IoError
void write_ids(const std::filesystem::path& path, const IdTable& ids);
/// @throws IoError, BadInput  (a row out of sequence, a duplicate id, another header)
IdTable read_ids(const std::filesystem::path& path);
/// The text of an ids.tsv; `name` is for messages.  @throws BadInput
IdTable parse_ids(std::string_view text, const std::string& name);

}  // namespace segue::data
