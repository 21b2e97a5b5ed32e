#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace segue::data {

inline constexpr std::string_view kBreaksOff =
    "expected '}' at the end of the object: the file breaks off; get it again";

/// A place in the content.
struct JsonPlace {
  std::int64_t line = 1;    ///< 1-based
  std::int64_t column = 0;  ///< bytes since the line's beginning
  std::int64_t indent = 0;  ///< blanks at the line's beginning, so far

  void advance(std::string_view text);
};

/// An object that begins a line right behind the '}' that ends the line before. No JSON text goes on like this, so that
/// a record begins here and no array is open, whatever comes before.
bool is_line_record(std::string_view text, std::size_t position);

/// Looks behind a fault for the place where reading can go on, through as many pieces of text as it takes.
///
/// Behind a broken object that is an object which begins a line, unless the line is indented deeper than the broken
/// one's; or, in an array, an object behind "},", unless the scanner has seen it as part of the broken one. Behind what
/// is no object it is the next line too.
class JsonResync {
 public:
  /// @param place     of what is damaged
  /// @param any_line  it is no object
  /// @param scanned   bytes to come that the scanner has passed
  JsonResync(bool in_array, const JsonPlace& place, bool any_line, std::size_t scanned)
      : in_array_(in_array),
        any_line_(any_line),
        deepest_(std::min(place.column, place.indent + 1)),  // "[{" and, below, " {"
        scanned_(scanned) {}

  /// Position in `text`, which follows that of the last call; npos: it is not in there.
  std::size_t find(std::string_view text);
  /// Whether the place found is_line_record().
  bool at_line_record() const { return at_line_record_; }

 private:
  enum class Before { line_break, brace, comma, other };  // what stands before, blanks aside
  bool goes_on_at(char c) const;
  void pass(char c);

  bool in_array_;
  bool any_line_;
  std::int64_t deepest_;  // line that can begin with a record
  std::size_t scanned_;
  bool in_text_ = false;  // as the scanner saw it
  bool escaped_ = false;
  std::int64_t indent_ = 0;
  bool first_line_ = true;
  Before before_ = Before::other;
  char last_ = '\0', second_last_ = '\0';
  bool closed_line_ = false;  // the line before ends with '}'
  bool at_line_record_ = false;
};

/// Said of what is no object.
inline constexpr std::string_view kNoJsonObject = "expected a JSON object";

/// Finds the end of one record after the other, without a look at anything but quotes, brackets and line breaks. The
/// rules stand at JsonReader.
class JsonScanner {
 public:
  enum class Found {
    record,
    damaged,
    unfinished,  ///< the text must go on before it can be told
  };

  static constexpr std::size_t kDeepest = 1024;  ///< brackets open at a time, as in simdjson's own parser

  JsonScanner(std::size_t longest_record, bool in_array) : longest_record_(longest_record), in_array_(in_array) {}

  /// Behind the white space, commas and brackets of arrays that stand at `position`.
  std::size_t skip_separators(std::string_view text, std::size_t position);

  /// Looks at what begins at text[begin] and is no separator.
  /// @param place  of text[begin]
  /// @param at_end  the content ends with the text
  Found scan(std::string_view text, std::size_t begin, const JsonPlace& place, bool at_end);

  bool in_array() const { return in_array_; }

  /// Of what was found last.
  std::size_t end() const { return end_; }  ///< behind its last character
  /// Where reading goes on; npos if that is not in the text, and then resync() looks for it in what follows.
  std::size_t next() const { return next_; }
  std::size_t fault() const { return fault_; }  ///< of something damaged, begin ≤ fault < end
  std::string_view reason() const { return reason_; }
  const JsonResync& resync() const { return *resync_; }

 private:
  enum class Step { go_on, record, fault, unfinished };
  Step scan_object(std::string_view text, std::size_t begin, bool at_end);
  Step step(std::string_view text, std::size_t begin, std::size_t limit, std::size_t& position);
  Step scan_text(std::string_view text, std::size_t limit, std::size_t& position);
  Step open(std::string_view text, std::size_t begin, std::size_t position);
  Step close(char bracket, std::size_t position);
  Step fault(std::string_view reason, std::size_t position, std::size_t reached);
  Found damaged(std::string_view text, std::size_t begin, const JsonPlace& place, bool at_end);
  bool is_line_in_sight(std::string_view text, std::size_t begin, std::size_t line) const;
  bool is_decided(std::string_view text, std::size_t begin) const;

  std::size_t longest_record_;
  bool in_array_;
  std::string brackets_;  // those that have to come, the next one last
  std::size_t end_ = 0;
  std::size_t next_ = 0;
  std::size_t fault_ = 0;
  std::size_t reached_ = 0;  // by the scan: in the last line of what is damaged
  std::string_view reason_;
  std::optional<JsonResync> resync_;
};

}  // namespace segue::data
