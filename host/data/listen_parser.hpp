#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "segue/data/id_table.hpp"
#include "segue/data/listens.hpp"
#include "segue/data/table_reader.hpp"

namespace segue::data {

/// Where a log's columns stand; −1: it has no such column.
struct ListenSchema {
  std::string file;
  std::size_t fields = 0;
  int user = 0;
  int song = 0;
  int timestamp = -1;
  int ms_played = -1;
  int count = -1;
  std::vector<std::string> names;
  std::int64_t latest_timestamp = 0;
  std::string latest;  // in words, for messages: rejects of the same log are the same bytes tomorrow
};

/// The ids of one column of a block as rows: of the table where it holds the id, else the code of an id that is new.
class IdColumn {
 public:
  void clear();
  void push_back(std::string_view id) { ids_.push_back(id); }
  std::size_t size() const { return ids_.size(); }

  /// Looks all ids up. `table` is not changed: several blocks do this at once.
  void resolve(const IdTable& table);
  /// Adds the new ids to the table, in order of appearance.
  void add_new(IdTable& table);
  /// Rows of the table, after add_new(). out [size()]
  void copy_rows(std::int32_t* out) const;

 private:
  std::vector<std::string_view> ids_;  // of the block's text
  std::vector<std::int32_t> rows_;     // −2 − i: row i of new_
  IdTable new_;
  std::vector<std::int32_t> new_rows_;  // in the table, of each of new_
};

/// A block of the log, parsed: the valid rows, column by column, and the others.
struct ListenBlock {
  RecordBlock records;
  IdColumn user, song;
  std::vector<std::int64_t> timestamp;
  std::vector<std::int32_t> ms_played, count;
  std::vector<Reject> rejects;

  std::int64_t size() const { return static_cast<std::int64_t>(user.size()); }
  /// Parses `records`; ids are still to be resolved.
  void parse(const ListenSchema& schema);
};

}  // namespace segue::data
