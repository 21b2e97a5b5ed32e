#include "host/data/record_scanner.hpp"

#include <algorithm>

namespace segue::data {
namespace {

constexpr std::size_t kNone = std::string_view::npos;

}  // namespace

RecordScanner::Found RecordScanner::scan(std::string_view text, std::size_t start, bool at_end) {
  fields_.clear();
  std::size_t position = start;
  Step step = Step::next_field;
  while (step == Step::next_field) {
    if (position - start > longest_record_)
      step = Step::too_long;
    else if (quotes_ && position < text.size() && text[position] == '"')
      step = scan_quoted(text, start, position, at_end);
    else
      step = scan_plain(text, start, position, at_end);
  }
  if (step == Step::record)
    return Found::record;
  fields_.clear();
  if (step == Step::unfinished)
    return Found::unfinished;
  // Both resume behind a line break, quoted or not: that of the fault's line, or the first one past the limit.
  const std::size_t limit = start + longest_record_;
  const std::size_t line_break = text.find('\n', step == Step::too_long ? limit : fault_);
  if (line_break == kNone && !at_end && text.size() < limit + kLookahead)
    return Found::unfinished;
  end_at(std::min({line_break, text.size(), limit + kLookahead}), line_break != kNone ? line_break + 1
                                                                  : at_end            ? text.size()
                                                                                      : kNone);
  return step == Step::too_long ? Found::too_long : Found::open_quote;
}

// A field whose opening quote is text[position].
RecordScanner::Step RecordScanner::scan_quoted(std::string_view text, std::size_t start, std::size_t& position,
                                               bool at_end) {
  fault_ = position;
  const std::size_t limit = start + longest_record_;
  Field field;
  std::size_t quote = position;
  while (true) {
    quote = text.find('"', quote + 1);
    if (quote >= limit && limit <= text.size())
      return Step::open_quote;
    if (quote == kNone)
      return at_end ? Step::open_quote : Step::unfinished;
    if (quote + 1 == text.size() || text[quote + 1] != '"')
      break;
    field.escaped = true;
    ++quote;
  }
  field.text = text.substr(position + 1, quote - position - 1);
  fields_.push_back(field);
  const std::size_t behind = quote + 1;
  const std::string_view rest = text.substr(behind, 2);
  if (!at_end && (rest.empty() || rest == "\r"))
    return Step::unfinished;
  if (rest.starts_with(delimiter_)) {
    position = behind + 1;
    return Step::next_field;
  }
  if (!rest.empty() && rest[0] != '\n' && rest != "\r\n" && rest != "\r")
    return Step::open_quote;
  end_at(behind, std::min(text.size(), behind + (rest.starts_with('\r') ? 2 : 1)));
  return Step::record;
}

// A field without quotes, perhaps empty, that begins at `position`.
RecordScanner::Step RecordScanner::scan_plain(std::string_view text, std::size_t start, std::size_t& position,
                                              bool at_end) {
  const char* const begin = text.data() + position;
  const char* const stop = text.data() + text.size();
  const char* at = begin;
  const char delimiter = delimiter_;
  while (at != stop && *at != delimiter && *at != '\n')
    ++at;
  const std::size_t behind = static_cast<std::size_t>(at - text.data());
  if (behind - start > longest_record_)
    return Step::too_long;
  if (at == stop && !at_end)
    return Step::unfinished;
  if (at != stop && *at == delimiter) {
    fields_.push_back({{begin, static_cast<std::size_t>(at - begin)}, false});
    position = behind + 1;
    return Step::next_field;
  }
  const char* const end = at != begin && at[-1] == '\r' ? at - 1 : at;
  fields_.push_back({{begin, static_cast<std::size_t>(end - begin)}, false});
  end_at(static_cast<std::size_t>(end - text.data()), std::min(text.size(), behind + 1));
  return Step::record;
}

}  // namespace segue::data
