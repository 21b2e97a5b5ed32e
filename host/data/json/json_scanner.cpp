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
constexpr std::string_view kNotClosed = "expected '}' at the end of the object: another one begins where it cannot";
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

}  // namespace

void JsonPlace::advance(std::string_view text) {
  // Faster than std::count(), whose sums are of 64 bits, where lines are long.
  for (std::size_t line_break = 0; (line_break = text.find('\n')) != kNone; text.remove_prefix(line_break + 1)) {
    ++line;
    column = indent = 0;
  }
  if (indent == column)
    indent += static_cast<std::int64_t>(std::min(text.find_first_not_of(" \t"), text.size()));
  column += static_cast<std::int64_t>(text.size());
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
      at_line_record_ = text[i] == '{' && last_ == '\n' && closed_line_;
      return i;
    }
    pass(text[i]);
  }
  return kNone;
}

bool JsonResync::goes_on_at(char c) const {
  if (any_line_ && last_ == '\n')
    return true;
  if (c != '{' || (!first_line_ && indent_ > deepest_))
    return false;
  return before_ == Before::line_break || (before_ == Before::comma && in_array_ && (scanned_ == 0 || in_text_));
}

void JsonResync::pass(char c) {
  const bool blank = c == ' ' || c == '\t' || c == '\r';
  if (c == '\n') {
    closed_line_ = last_ == '}' || (last_ == '\r' && second_last_ == '}');
    indent_ = 0;
    first_line_ = false;
    before_ = Before::line_break;
  } else if (blank) {
    indent_ += before_ == Before::line_break ? 1 : 0;
  } else if (c == ',' && (before_ == Before::brace || before_ == Before::line_break)) {
    before_ = Before::comma;
  } else {
    before_ = c == '}' ? Before::brace : Before::other;
  }
  second_last_ = last_;
  last_ = c;
  if (scanned_ == 0)
    return;
  --scanned_;
  in_text_ ^= c == '"' && !escaped_;
  escaped_ = in_text_ && c == '\\' && !escaped_;
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

JsonScanner::Found JsonScanner::scan(std::string_view text, std::size_t begin, const JsonPlace& place, bool at_end) {
  const Step step = text[begin] == '{' ? scan_object(text, begin, at_end) : fault(kNoJsonObject, begin, begin);
  if (step == Step::record)
    return at_end || is_decided(text, begin) ? Found::record : Found::unfinished;
  return step == Step::unfinished ? Found::unfinished : damaged(text, begin, place, at_end);
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

// A value begins behind a colon, or, in an array, behind its bracket or a comma.
JsonScanner::Step JsonScanner::open(std::string_view text, std::size_t begin, std::size_t position) {
  const bool is_object = text[position] == '{';
  if (position > begin) {
    const std::size_t before = text.find_last_not_of(kWhite, position - 1);
    const bool fits = brackets_.back() == '}' ? text[before] == ':' : text[before] == '[' || text[before] == ',';
    if (!fits)
      return is_object ? fault(kNotClosed, begin, before) : fault(kWrongBracket, position, position);
  }
  if (brackets_.size() == kDeepest)
    return fault(kTooDeep, position, position);
  brackets_ += is_object ? '}' : ']';
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

JsonScanner::Step JsonScanner::fault(std::string_view reason, std::size_t position, std::size_t reached) {
  reason_ = reason;
  fault_ = position;
  reached_ = reached;
  return Step::fault;
}

// What is damaged ends with its last line, with the longest record, or where reading goes on.
JsonScanner::Found JsonScanner::damaged(std::string_view text, std::size_t begin, const JsonPlace& place, bool at_end) {
  if (!at_end && !is_line_in_sight(text, begin, reached_))
    return Found::unfinished;
  const bool is_object = text[begin] == '{';
  const std::size_t behind = begin + (is_object ? 1 : 0);
  resync_.emplace(in_array_, place, !is_object, reached_ - std::min(reached_, behind));
  const std::size_t found = resync_->find(text.substr(behind));
  next_ = found != kNone ? behind + found : at_end ? text.size() : kNone;
  if (found == kNone && at_end)
    in_array_ = false;  // or not: what is said of the damage has to do

  const std::size_t longest = text.size() - begin > longest_record_ ? begin + longest_record_ + 1 : text.size();
  end_ = std::min({text.find('\n', reached_), next_, longest});
  end_ = begin + text.substr(begin, end_ - begin).find_last_not_of(kWhite) + 1;
  if (fault_ >= end_)
    fault_ = begin;
  return Found::damaged;
}

// Whether it is seen how text goes on behind that line of what begins at `begin`, if that can be a record.
bool JsonScanner::is_line_in_sight(std::string_view text, std::size_t begin, std::size_t line) const {
  if (text.size() - begin > longest_record_)
    return true;
  const std::size_t line_break = text.find('\n', line);
  return line_break != kNone && line_break + 1 < text.size();
}

// Whether no text to come can change what is made of the record: it may be taken with its line (JsonBlock), and an
// array may turn out to end with it (is_line_record()).
bool JsonScanner::is_decided(std::string_view text, std::size_t begin) const {
  const std::string_view rest = text.substr(end_);
  return in_array_ ? !rest.empty() && rest != "\n" && rest != "\r" && rest != "\r\n"
                   : is_line_in_sight(text, begin, begin);
}

}  // namespace segue::data
