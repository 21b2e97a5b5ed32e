#include "host/data/json/json_block.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "host/data/json/json_key.hpp"

namespace segue::data {
namespace {

namespace ondemand = simdjson::ondemand;

constexpr std::size_t kNone = std::string_view::npos;
constexpr std::string_view kOpenArray = "expected ']' at the end of the array: the file breaks off; get it again";

std::string_view reason_of(simdjson::error_code error) {
  switch (error) {
    case simdjson::UTF8_ERROR:
      return "expected UTF-8";
    case simdjson::STRING_ERROR:
      return "expected valid escapes in the text; a lone surrogate is none";
    case simdjson::UNESCAPED_CHARS:
      return "expected control characters, such as NUL, to be escaped in the text";
    default:
      return kNoJsonObject;
  }
}

std::string_view without_white_end(std::string_view token) {
  const auto is_white = [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; };
  while (!token.empty() && is_white(token.back()))
    token.remove_suffix(1);
  return token;
}

bool is_json_number(std::string_view text) {
  std::size_t i = text.starts_with('-') ? 1 : 0;
  const auto at = [&](char c) { return i < text.size() && text[i] == c; };
  const auto skip_digits = [&] {
    const std::size_t first = i;
    while (i < text.size() && text[i] >= '0' && text[i] <= '9')
      ++i;
    return i > first;
  };
  const bool zero = at('0');
  if (zero)
    ++i;
  else if (!skip_digits())
    return false;
  if (at('.')) {
    ++i;
    if (!skip_digits())
      return false;
  }
  if (at('e') || at('E')) {
    ++i;
    if (at('+') || at('-'))
      ++i;
    if (!skip_digits())
      return false;
  }
  return i == text.size();
}

// Whether the key that begins at *text, behind its quote, is this one. The record is padded by more than any name.
bool is_key(const char* text, std::uint64_t head, const JsonKey& key) {
  const std::string& name = key.name;
  return ((head ^ key.head) & key.mask) == 0 &&
         (name.size() < sizeof head || (text[name.size()] == '"' && std::memcmp(text, name.data(), name.size()) == 0));
}

bool has_escape(const char* text) {
  while (*text != '"' && *text != '\\')
    ++text;
  return *text == '\\';
}

}  // namespace

// Parses one record after the other. What is wrong with it, or empty, is what its functions return.
class JsonBlock::Parser {
 public:
  Parser(std::shared_ptr<const JsonKey> keys, std::size_t column_count)
      : keys_(std::move(keys)),
        fields_(column_count),
        padding_(simdjson::SIMDJSON_PADDING + longest_json_name(*keys_)) {}

  std::size_t padding() const { return padding_; }
  std::span<const std::string_view> fields() const { return fields_; }

  // Unescaped text is never longer than it was: that of a whole block fits.
  void begin_block(std::size_t size) {
    unescaped_.clear();
    unescaped_.reserve(size);
  }

  // `record` is padded.
  std::string_view parse(std::string_view record) {
    const std::size_t unescaped_before = unescaped_.size();
    const std::string_view wrong = parse_document(record);
    if (!wrong.empty())
      unescaped_.resize(unescaped_before);  // the record may be tried again
    return wrong;
  }

 private:
  std::string_view parse_document(std::string_view record) {
    std::fill(fields_.begin(), fields_.end(), kMissing);
    has_escapes_ = record.find('\\') != kNone;
    const simdjson::padded_string_view padded(record.data(), record.size(), record.size() + padding_);
    ondemand::document document;
    ondemand::object object;
    simdjson::error_code error = parser_.iterate(padded).get(document);
    if (error == simdjson::SUCCESS)
      error = document.get_object().get(object);
    if (error != simdjson::SUCCESS)
      return reason_of(error);
    const std::string_view wrong = read_object(object, *keys_);
    if (!wrong.empty())
      return wrong;
    const bool whole = document.current_location().error() == simdjson::OUT_OF_BOUNDS;
    return whole ? std::string_view() : kNoJsonObject;
  }

  std::string_view read_object(ondemand::object& object, const JsonKey& wanted) {
    for (simdjson::simdjson_result<ondemand::field> result : object) {
      ondemand::field field;
      const simdjson::error_code error = std::move(result).get(field);
      if (error != simdjson::SUCCESS)
        return reason_of(error);
      const JsonKey* key = find_key(field, wanted);
      const std::string_view wrong = read_value(field.value(), key != nullptr ? *key : unwanted_);
      if (!wrong.empty())
        return wrong;
    }
    return {};
  }

  const JsonKey* find_key(ondemand::field& field, const JsonKey& wanted) {
    const char* const raw = field.key().raw();
    std::uint64_t head = 0;
    std::memcpy(&head, raw, sizeof head);
    for (const JsonKey& child : wanted.children)
      if (is_key(raw, head, child))
        return &child;
    if (!has_escapes_ || !has_escape(raw))
      return nullptr;
    std::string_view name;
    if (field.unescaped_key().get(name) != simdjson::SUCCESS)
      return nullptr;
    for (const JsonKey& child : wanted.children)
      if (child.name == name)
        return &child;
    return nullptr;
  }

  // simdjson steps over what is left of a value with no more than a count of brackets: no character but those that
  // begin a value may begin it, and a text has to be taken.
  std::string_view read_value(ondemand::value& value, const JsonKey& key) {
    const std::string_view token = without_white_end(value.raw_json_token());
    const bool wanted = !key.columns.empty() && is_missing(fields_[key.columns[0]]);
    switch (token.empty() ? '\0' : token[0]) {
      case '"':
        return read_text(value, token, wanted ? &key : nullptr);
      case '{':
        return wanted ? key.wrong_value : read_nested(value, key);
      case '[':
        return wanted ? key.wrong_value : std::string_view();
      case '}':
      case ']':
      case ',':
      case ':':
      case '\0':
        return kNoJsonObject;
      default:
        return wanted ? read_bare(token, key) : std::string_view();
    }
  }

  std::string_view read_nested(ondemand::value& value, const JsonKey& key) {
    if (key.children.empty())
      return {};
    ondemand::object object;
    const simdjson::error_code error = value.get_object().get(object);
    return error == simdjson::SUCCESS ? read_object(object, key) : reason_of(error);
  }

  std::string_view read_bare(std::string_view token, const JsonKey& key) {
    if (token == "null")
      return {};
    if (token != "true" && token != "false" && !is_json_number(token))
      return key.wrong_value;
    set(key, token);
    return {};
  }

  std::string_view read_text(ondemand::value& value, std::string_view token, const JsonKey* key) {
    if (token.size() < 2 || !token.ends_with('"'))
      return kNoJsonObject;
    const std::string_view raw = token.substr(1, token.size() - 2);
    if (key == nullptr || !has_escapes_ || raw.find('\\') == kNone) {
      if (key != nullptr)
        set(*key, raw);
      return value.get_raw_json_string().error() == simdjson::SUCCESS ? std::string_view() : kNoJsonObject;
    }
    std::string_view text;
    const simdjson::error_code error = value.get_string().get(text);
    if (error != simdjson::SUCCESS)
      return reason_of(error);
    const std::size_t begin = unescaped_.size();
    unescaped_ += text;
    set(*key, std::string_view(unescaped_).substr(begin));
    return {};
  }

  void set(const JsonKey& key, std::string_view field) {
    for (const std::size_t column : key.columns)
      fields_[column] = field;
  }

  std::shared_ptr<const JsonKey> keys_;
  const JsonKey unwanted_;
  std::vector<std::string_view> fields_;
  std::size_t padding_;
  std::string unescaped_;
  bool has_escapes_ = false;  // the record
  ondemand::parser parser_;
};

JsonBlock::JsonBlock(std::shared_ptr<const JsonKey> keys, std::size_t column_count, std::size_t longest_record)
    : parser_(std::make_unique<Parser>(std::move(keys), column_count)), longest_record_(longest_record) {}

JsonBlock::~JsonBlock() = default;

void JsonBlock::take(std::string& text, std::size_t size) {
  buffer_.swap(text);
  text.assign(buffer_, size);
  own_bytes_ = size;
  const std::size_t text_size = buffer_.size();
  buffer_.resize(text_size + parser_->padding());
  text_ = std::string_view(buffer_).substr(0, text_size);
}

// The line from `position`, without its end, if it may be one whole record, so that the scanner can be spared.
std::string_view JsonBlock::whole_line(std::size_t position) const {
  const std::size_t line_break = std::min(text_.find('\n', position), text_.size());
  std::string_view line = text_.substr(position, line_break - position);
  if (line.ends_with('\r'))
    line.remove_suffix(1);
  const std::size_t next = std::min(line_break + 1, text_.size());
  const bool alone = next < text_.size() ? text_[next] == '{' : at_end;
  return alone && line.starts_with('{') && line.ends_with('}') && line.size() <= longest_record_ ? line
                                                                                                 : std::string_view();
}

void JsonBlock::for_each(const std::function<void(const Record&)>& visit,
                         const std::function<void(const DamagedRecord&)>& damaged) {
  parser_->begin_block(text_.size());
  JsonScanner scanner(longest_record_, in_array);
  JsonPlace at = place;
  std::size_t behind = 0, begin = 0;
  while ((begin = scanner.skip_separators(text_, behind)) < own_bytes_) {
    at.advance(text_.substr(behind, begin - behind));
    const bool begins_line = !scanner.in_array() && at.column == at.indent;
    const std::string_view line = begins_line ? whole_line(begin) : std::string_view();
    if (!line.empty() && parser_->parse(line).empty()) {
      visit({at.line, line, parser_->fields()});
      behind = begin + line.size();
      at.column += static_cast<std::int64_t>(line.size());
    } else {
      read_scanned(begin, scanner, at, visit, damaged);
      behind = std::min(scanner.next(), text_.size());
      at.advance(text_.substr(begin, behind - begin));
    }
  }
  if (!at_end || !scanner.in_array())
    return;
  at.advance(text_.substr(behind));
  damaged({at.line, text_.substr(text_.size()), kOpenArray, true});
}

void JsonBlock::read_scanned(std::size_t begin, JsonScanner& scanner, const JsonPlace& at,
                             const std::function<void(const Record&)>& visit,
                             const std::function<void(const DamagedRecord&)>& damaged) {
  const bool in_an_array = scanner.in_array();
  const bool is_record = scanner.scan(text_, begin, at, at_end) == JsonScanner::Found::record;
  const std::string_view text = text_.substr(begin, scanner.end() - begin);
  const std::string_view wrong = is_record ? parser_->parse(text) : scanner.reason();
  if (wrong.empty()) {
    visit({at.line, text, parser_->fields()});
    return;
  }
  JsonPlace fault = at;
  if (!is_record)
    fault.advance(text.substr(0, scanner.fault() - begin));
  damaged({fault.line, text, wrong, in_an_array && wrong == kBreaksOff});
}

}  // namespace segue::data
