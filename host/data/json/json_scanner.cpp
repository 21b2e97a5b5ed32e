#include "host/data/json/json_scanner.hpp"

#include <algorithm>
#include <array>

namespace segue::data {
namespace {

constexpr std::size_t kNone = std::string_view::npos;
constexpr std::string_view kWhite = " \t\r\n";

constexpr std::string_view kOpenQuote =
    "expected the quote that opens here to be closed on its line; write a line break within text as \\n";
constexpr std::string_view kWrongBracket = "expected the brackets of the object to match";
constexpr std::string_view kTooDeep = "expected an object that is nested less than 1024 deep";
constexpr std::string_view kNotClosed = "expected '}' at the end of the object: another one begins before";
constexpr std::string_view kBreaksOff = "expected '}' at the end of the object: the file breaks off; get it again";
constexpr std::string_view kTooLong = "expected a shorter record: the file is damaged, or no log";

constexpr std::array<bool, 256> kOfInterest = [] {
  std::array<bool, 256> table{};
  for (const char c : std::string_view("\"{}[]\\"))
    table[static_cast<unsigned char>(c)] = true;
  return table;
}();

bool of_interest(char c) {
  return kOfInterest[static_cast<unsigned char>(c)];
}

// Whether an object can begin at text[position], on a line of its own within the record that begins at `begin`.
bool may_nest(std::string_view text, std::size_t begin, std::size_t position) {
  const std::string_view before = text.substr(begin, position - begin);
  const std::size_t blank = before.find_last_not_of(" \t\r");
  if (before[blank] != '\n')
    return true;
  const char last = before[before.find_last_not_of(kWhite)];
  return last == ':' || last == ',' || last == '[';
}

}  // namespace

void JsonPlace::advance(std::string_view text) {
  const std::int64_t breaks = std::count(text.begin(), text.end(), '\n');
  line += breaks;
  const std::size_t in_line = breaks > 0 ? text.size() - text.rfind('\n') - 1 : text.size();
  column = (breaks > 0 ? 0 : column) + static_cast<std::int64_t>(in_line);
}

bool is_line_record(std::string_view text, std::size_t position) {
  std::string_view before = text.substr(0, position);
  if (!text.substr(position).starts_with('{') || !before.ends_with('\n'))
    return false;
  return before.ends_with("}\n") || before.ends_with("}\r\n");
}

std::size_t JsonResync::find(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (goes_on_at(text[i])) {
      at_line_record_ = text[i] == '{' && column_ == 0 && closed_line_;
      return i;
    }
    pass(text[i]);
  }
  return kNone;
}

bool JsonResync::goes_on_at(char c) const {
  if (any_line_ && last_ == '\n')
    return true;
  const bool begins = before_ == Before::line_break || (in_array_ && before_ == Before::comma);
  return c == '{' && begins && (first_line_ || any_line_ || column_ <= record_column_);
}

void JsonResync::pass(char c) {
  if (c == '\n') {
    closed_line_ = last_ == '}' || (last_ == '\r' && second_last_ == '}');
    column_ = 0;
    first_line_ = false;
    before_ = Before::line_break;
  } else {
    ++column_;
    if (c == ',' && (before_ == Before::brace || before_ == Before::line_break))
      before_ = Before::comma;
    else if (c == '}')
      before_ = Before::brace;
    else if (c != ' ' && c != '\t' && c != '\r')
      before_ = Before::other;
  }
  second_last_ = last_;
  last_ = c;
}

std::size_t JsonScanner::skip_separators(std::string_view text, std::size_t position) {
  for (; position < text.size(); ++position) {
    const char c = text[position];
    if (c == '[' && !in_array_)
      in_array_ = true;
    else if (c == ']' && in_array_)
      in_array_ = false;
    else if (c != ',' && kWhite.find(c) == kNone)
      break;
  }
  if (is_line_record(text, position))
    in_array_ = false;
  return position;
}

JsonScanner::Found JsonScanner::scan(std::string_view text, std::size_t begin, std::int64_t column, bool at_end) {
  const Step step = text[begin] == '{' ? scan_object(text, begin, at_end) : fault(kNoJsonObject, begin, begin);
  if (step == Step::record)
    return at_end || is_decided(text, begin) ? Found::record : Found::unfinished;
  return step == Step::unfinished ? Found::unfinished : damaged(text, begin, column, at_end);
}

JsonScanner::Step JsonScanner::scan_object(std::string_view text, std::size_t begin, bool at_end) {
  brackets_.clear();
  const std::size_t limit = begin + std::min(longest_record_, text.size() - begin);
  for (std::size_t position = begin; position < limit; ++position) {
    if (!of_interest(text[position]))
      continue;
    const Step found = step(text, begin, limit, position);
    if (found != Step::go_on)
      return found;
  }
  if (limit < text.size())
    return fault(kTooLong, begin, limit);
  return at_end ? fault(kBreaksOff, begin, text.size()) : Step::unfinished;
}

JsonScanner::Step JsonScanner::step(std::string_view text, std::size_t begin, std::size_t limit,
                                    std::size_t& position) {
  switch (text[position]) {
    case '"':
      return scan_text(text, limit, position);
    case '{':
    case '[':
      return open(text, begin, position);
    case '\\':
      return fault(kNoJsonObject, position, position);
    default:
      return close(text[position], position);
  }
}

// From the opening quote to the closing one.
JsonScanner::Step JsonScanner::scan_text(std::string_view text, std::size_t limit, std::size_t& position) {
  const std::size_t quote = position++;
  for (; position < limit && text[position] != '"'; ++position) {
    if (text[position] == '\n')
      return fault(kOpenQuote, quote, position);
    if (text[position] == '\\' && position + 1 < limit && text[position + 1] != '\n')
      ++position;
  }
  return Step::go_on;
}

JsonScanner::Step JsonScanner::open(std::string_view text, std::size_t begin, std::size_t position) {
  if (text[position] == '{' && position > begin && !may_nest(text, begin, position))
    return fault(kNotClosed, begin, text.rfind('\n', position));
  if (brackets_.size() == kDeepest)
    return fault(kTooDeep, position, position);
  brackets_ += text[position] == '{' ? '}' : ']';
  return Step::go_on;
}

JsonScanner::Step JsonScanner::close(char bracket, std::size_t position) {
  if (brackets_.back() != bracket)
    return fault(kWrongBracket, position, position);
  brackets_.pop_back();
  if (!brackets_.empty())
    return Step::go_on;
  end_ = next_ = position + 1;
  return Step::record;
}

JsonScanner::Step JsonScanner::fault(std::string_view reason, std::size_t position, std::size_t last_line) {
  reason_ = reason;
  fault_ = position;
  last_line_ = last_line;
  return Step::fault;
}

// What is damaged ends with its last line, with the longest record, or where reading goes on.
JsonScanner::Found JsonScanner::damaged(std::string_view text, std::size_t begin, std::int64_t column, bool at_end) {
  if (!at_end && !is_line_in_sight(text, begin, last_line_))
    return Found::unfinished;
  const bool is_object = text[begin] == '{';
  const std::size_t behind = begin + (is_object ? 1 : 0);
  resync_.emplace(in_array_, column, !is_object);
  const std::size_t found = resync_->find(text.substr(behind));
  next_ = found != kNone ? behind + found : at_end ? text.size() : kNone;
  if (found == kNone && at_end)
    in_array_ = false;  // or not: what is said of the damage has to do

  const std::size_t longest = text.size() - begin > longest_record_ ? begin + longest_record_ + 1 : text.size();
  end_ = std::min({text.find('\n', last_line_), next_, longest});
  end_ = begin + text.substr(begin, end_ - begin).find_last_not_of(kWhite) + 1;
  if (fault_ >= end_)
    fault_ = begin;
  return Found::damaged;
}

// Whether it is seen how text goes on behind that line of what begins at `begin`, if that can be a record.
bool JsonScanner::is_line_in_sight(std::string_view text, std::size_t begin, std::size_t line) const {
  const std::size_t line_break = text.find('\n', line);
  return text.size() - begin > longest_record_ || (line_break != kNone && line_break + 1 < text.size());
}

// Whether no text to come can change what is made of the record: it may be taken with its line (JsonBlock), and an
// array may turn out to end with it (is_line_record()).
bool JsonScanner::is_decided(std::string_view text, std::size_t begin) const {
  const std::string_view rest = text.substr(end_);
  return in_array_ ? !rest.empty() && rest != "\n" && rest != "\r" && rest != "\r\n"
                   : is_line_in_sight(text, begin, begin);
}

}  // namespace segue::data
