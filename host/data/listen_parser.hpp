#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "segue/data/catalogue.hpp"
#include "segue/data/id_table.hpp"
#include "segue/data/listens.hpp"
#include "segue/data/record_reader.hpp"

namespace segue::data {

/// Where a file's columns stand; −1: it has no such column.
struct ListenSchema {
  std::string file;
  std::vector<std::string> names;
  int user = -1;
  std::string user_name;  ///< of rows that name none; empty: such a row is a reject
  /// The first whose columns are all there and filled is the song's id: one column as it is, several joined by " - ".
  std::vector<std::vector<int>> song;
  int timestamp = -1;
  int ms_played = -1;
  int count = -1;
  int rating = -1;
  double min_rating = 0;
  int title = -1, artist_id = -1, artist = -1;
  std::vector<int> not_music;  ///< a row that has one of these is a podcast, a book or a video
  bool music = true;           ///< false: no row of this file is
  std::int64_t latest_timestamp = 0;
  std::string latest;  ///< in words, for messages: rejects of the same log are the same bytes tomorrow

  bool has_names() const { return title >= 0 || artist_id >= 0 || artist >= 0; }
};

/// The ids of one column of a block as rows: of the table where it holds the id, else the code of an id that is new.
class IdColumn {
 public:
  void clear();
  void push_back(std::string_view id) { ids_.push_back(id); }
  std::size_t size() const { return ids_.size(); }

  /// Looks all ids up. `table` is not changed: several blocks do this at once.
  void resolve(const IdTable& table);
  /// Adds the new ids to the table, in order of appearance; calls added(i) where ids_[i] was the table's first such.
  template <class Added>
  void add_new(IdTable& table, Added&& added) {
    new_rows_.resize(first_of_new_.size());
    for (std::size_t i = 0; i < new_rows_.size(); ++i) {
      const std::int64_t before = table.size();
      new_rows_[i] = table.add(new_.id(static_cast<std::int32_t>(i)));
      if (table.size() > before)
        added(first_of_new_[i]);
    }
  }
  /// Rows of the table, after add_new(). out [size()]
  void copy_rows(std::int32_t* out) const;

 private:
  std::vector<std::string_view> ids_;  // of the block's text
  std::vector<std::int32_t> rows_;     // −2 − i: row i of new_
  IdTable new_;
  std::vector<std::size_t> first_of_new_;  // where in ids_ each of new_ stands first
  std::vector<std::int32_t> new_rows_;     // in the table, of each of new_
};

/// A block of the log, parsed: the valid rows, column by column, and the others.
struct ListenBlock {
  std::unique_ptr<RecordBlock> records;
  std::size_t file = SIZE_MAX;  ///< whose reader made `records`
  const ListenSchema* schema = nullptr;
  IdColumn user, song;
  std::vector<std::int64_t> timestamp;
  std::vector<std::int32_t> ms_played, count;
  std::vector<std::string_view> title, artist_id, artist;  ///< filled where the schema has names
  std::vector<Reject> rejects;
  std::int64_t not_music = 0, low_ratings = 0;

  std::int64_t size() const { return static_cast<std::int64_t>(user.size()); }
  /// Parses `records`; ids are still to be resolved.
  void parse();

 private:
  std::deque<std::string> composed_;  // ids of several columns
};

}  // namespace segue::data
