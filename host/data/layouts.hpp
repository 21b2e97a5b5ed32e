#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "segue/data/layout.hpp"
#include "segue/data/table_reader.hpp"

namespace segue::data {

/// A layout whose columns are known beforehand. Names are those of the table's header or paths of JSON keys.
struct KnownLayout {
  Layout layout;
  std::vector<std::string> columns;
  char delimiter = '\0';                       ///< of a table without a header row; '\0': JSON
  std::string user;                            ///< empty: the log does not say
  std::vector<std::vector<std::string>> song;  ///< alternatives, each one column or several
  std::string timestamp, ms_played, count, rating, title, artist_id, artist;
  std::vector<std::string> not_music;
};

/// Null for layouts whose columns the file itself names.
const KnownLayout* known_layout(Layout layout);

/// By the beginning of the content; `table` for anything that looks like nothing else.
Layout recognise_layout(std::string_view beginning);

/// What a column is likely to mean.
enum class Role { user, song, timestamp, ms_played, count, rating, title, artist_id, artist };

/// The column of a log that most likely has this role, by usual names, whatever their case and punctuation ("userID",
/// "user_id:token", "//userID"); −1: none.
int guess_column(Role role, std::span<const std::string> columns);

}  // namespace segue::data
