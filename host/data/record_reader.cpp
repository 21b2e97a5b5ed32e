#include "segue/data/record_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "segue/core/error.hpp"
#include "segue/core/text.hpp"

namespace segue::data {
int find_column(const std::filesystem::path& path, std::span<const std::string> names, std::string_view name) {
  const auto found = std::ranges::find(names, name);
  if (found == names.end())
    return -1;
  if (std::find(found + 1, names.end(), name) != names.end())
    throw BadInput(fmt::format("{}: two columns are named {}; rename one", path.string(), quote_for_message(name)));
  return static_cast<int>(found - names.begin());
}

int RecordReader::column(std::string_view name) const {
  return find_column(path(), columns(), name);
}

int RecordReader::require_column(std::string_view name, std::string_view advice) const {
  const int found = column(name);
  if (found < 0)
    throw BadInput(fmt::format("{}: no column {}; there are {}; {}", path().string(), quote_for_message(name),
                               quote_list(columns()), advice));
  return found;
}

}  // namespace segue::data
