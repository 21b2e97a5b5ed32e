#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "segue/core/progress.hpp"
#include "segue/data/rejects.hpp"
#include "segue/data/table_reader.hpp"

namespace segue::data {

/// Why a row cannot be used.
struct RowFault {
  int column;
  std::string expected;
};

/// Calls `visit` for every row of the table that has as many fields as the header. What it finds wrong, and what is no
/// row at all, goes to `rejects`.
/// @throws IoError; BadInput  more rejects than the limit, a fraction of the rows
void for_each_row(TableReader& table, double reject_limit, RejectLog& rejects, Progress& progress,
                  const std::function<std::optional<RowFault>(const Record&)>& visit);

/// The reason to reject a row of another number of fields.
std::string wrong_field_count(std::size_t expected, std::size_t found);

/// What an id must be: neither empty nor anything but UTF-8.
bool is_id(std::string_view text);
inline constexpr std::string_view kExpectedId = "expected an id: UTF-8, not empty";

}  // namespace segue::data
