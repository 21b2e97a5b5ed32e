#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace segue::data {

/// Where one record of a table ends and its fields lie. The rules stand at TableFormat and TableBlock.
class RecordScanner {
 public:
  struct Field {
    std::string_view text;  ///< between its quotes, if it has any
    bool escaped = false;   ///< holds doubled quotes
  };

  enum class Found {
    record,
    open_quote,  ///< a quoted field that does not end as it should; fault() is its opening quote
    too_long,    ///< longer than the longest record
    unfinished,  ///< the text must go on before it can be told
  };

  /// Bytes past the longest record that it takes to tell how a longer one is at fault.
  static constexpr std::size_t kLookahead = 2;

  RecordScanner(char delimiter, bool quotes, std::size_t longest_record)
      : delimiter_(delimiter), quotes_(quotes), longest_record_(longest_record) {}

  /// Looks at the record that begins at text[start], start < text.size().
  /// @param at_end  the text ends with a record
  Found scan(std::string_view text, std::size_t start, bool at_end);

  /// Of the last record found: its fields; nothing for a damaged one.
  const std::vector<Field>& fields() const { return fields_; }
  std::size_t end() const { return end_; }    ///< behind its last character, before the line break
  std::size_t next() const { return next_; }  ///< behind the line break; npos if a record too long goes on and on
  std::size_t fault() const { return fault_; }

 private:
  enum class Step { next_field, record, open_quote, too_long, unfinished };
  Step scan_quoted(std::string_view text, std::size_t start, std::size_t& position, bool at_end);
  Step scan_plain(std::string_view text, std::size_t start, std::size_t& position, bool at_end);
  void end_at(std::size_t end, std::size_t next) {
    end_ = end;
    next_ = next;
  }

  char delimiter_;
  bool quotes_;
  std::size_t longest_record_;
  std::vector<Field> fields_;
  std::size_t end_ = 0;
  std::size_t next_ = 0;
  std::size_t fault_ = 0;
};

}  // namespace segue::data
