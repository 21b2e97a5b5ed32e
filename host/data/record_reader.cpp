#include "segue/data/record_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "segue/core/error.hpp"
#include "segue/core/text.hpp"

namespace segue::data {
namespace {

std::string join(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names)
    text += (text.empty() ? "" : ", ") + quote_for_message(name);
  return text;
}

}  // namespace

int RecordReader::column(std::string_view name) const {
  const std::vector<std::string>& names = columns();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end())
    return -1;
  if (std::find(found + 1, names.end(), name) != names.end())
    throw BadInput(fmt::format("{}: two columns are named {}; rename one", path().string(), quote_for_message(name)));
  return static_cast<int>(found - names.begin());
}

int RecordReader::require_column(std::string_view name, std::string_view advice) const {
  const int found = column(name);
  if (found < 0)
    throw BadInput(fmt::format("{}: no column {}; there are {}; {}", path().string(), quote_for_message(name),
                               join(columns()), advice));
  return found;
}

}  // namespace segue::data
