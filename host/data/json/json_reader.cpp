#include "host/data/json/json_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "host/data/json/json_block.hpp"
#include "host/data/json/json_key.hpp"
#include "segue/core/error.hpp"

namespace segue::data {
namespace {

constexpr std::size_t kNone = std::string_view::npos;

// Position of the last one in `text`, 0 if there is none but at its beginning.
std::size_t last_line_record(std::string_view text) {
  std::size_t position = text.rfind("\n{");
  while (position != kNone && !is_line_record(text, position + 1))
    position = position > 0 ? text.rfind("\n{", position - 1) : kNone;
  return position != kNone ? position + 1 : 0;
}

}  // namespace

// How much of what is pending makes a block, 0 if more must be read to tell, and what holds behind it.
struct JsonReader::Cut {
  std::size_t size = 0;
  bool in_array = false;
  std::optional<JsonResync> resync;
};

JsonReader::JsonReader(std::filesystem::path path, std::unique_ptr<ByteSource> source, std::vector<std::string> keys,
                       const JsonFormat& format)
    : path_(std::move(path)), source_(std::move(source)), keys_(std::move(keys)) {
  if (format.block_bytes < 1 || format.longest_record_bytes < 1)
    throw InvalidArgument(fmt::format("block_bytes {} and longest_record_bytes {} must be at least 1",
                                      format.block_bytes, format.longest_record_bytes));
  block_bytes_ = static_cast<std::size_t>(format.block_bytes);
  longest_record_ = static_cast<std::size_t>(format.longest_record_bytes);
  key_tree_ = std::make_shared<const JsonKey>(make_json_key_tree(keys_));
  skip_bom();
}

JsonReader::~JsonReader() = default;

std::unique_ptr<RecordBlock> JsonReader::make_block() const {
  return std::make_unique<JsonBlock>(key_tree_, keys_.size(), longest_record_);
}

void JsonReader::skip_bom() {
  fill(3);
  if (pending_.starts_with("\xff\xfe") || pending_.starts_with("\xfe\xff"))
    throw BadInput(fmt::format("{}: is UTF-16; save it as UTF-8", path_.string()));
  if (pending_ == "\xef\xbb\xbf")
    pending_.clear();
}

// Reads on until `size` bytes are pending or the content ends.
void JsonReader::fill(std::size_t size) {
  const std::size_t old = pending_.size();
  if (size <= old || ended_)
    return;
  pending_.resize(size);
  const std::size_t count = source_->read({pending_.data() + old, size - old});
  pending_.resize(old + count);
  ended_ = count < size - old;
}

// The rest of something damaged, as far as it is pending.
void JsonReader::discard() {
  const std::size_t next = std::min(resync_->find(pending_), pending_.size());
  const bool found = next < pending_.size();
  place_.advance(std::string_view(pending_).substr(0, next));
  pending_.erase(0, next);
  if (!found && !ended_)
    return;
  in_array_ = in_array_ && found && !resync_->at_line_record();
  resync_.reset();
}

bool JsonReader::next(RecordBlock& block) {
  if (finished_)
    return false;
  Cut cut;
  for (std::size_t size = block_bytes_; cut.size == 0 && !finished_; size = std::max(size, 2 * pending_.size())) {
    fill(size);
    if (resync_)
      discard();
    if (!resync_)
      cut = find_cut();
    finished_ = ended_ && !resync_;
  }
  if (pending_.empty() && !in_array_)
    return false;
  JsonBlock& filled = dynamic_cast<JsonBlock&>(block);
  filled.place = place_;
  filled.in_array = in_array_;
  filled.at_end = finished_;
  filled.file_position = source_->file_position();
  place_.advance(std::string_view(pending_).substr(0, cut.size));
  filled.take(pending_, cut.size);
  in_array_ = cut.in_array;
  resync_ = cut.resync;
  return true;
}

JsonReader::Cut JsonReader::find_cut() const {
  if (ended_)
    return {.size = pending_.size()};
  // In an array a search would mostly be in vain.
  const std::size_t line_record = in_array_ ? 0 : last_line_record(pending_);
  if (line_record > 0)
    return {.size = line_record};
  return scan_for_cut();
}

JsonReader::Cut JsonReader::scan_for_cut() const {
  const std::string_view text = pending_;
  JsonScanner scanner(longest_record_, in_array_);
  JsonPlace place = place_;
  for (std::size_t behind = 0;;) {
    const std::size_t begin = scanner.skip_separators(text, behind);
    if (begin == text.size())
      return {.size = begin, .in_array = scanner.in_array()};
    place.advance(text.substr(behind, begin - behind));
    if (scanner.scan(text, begin, place, /*at_end=*/false) == JsonScanner::Found::unfinished)
      return {.size = begin, .in_array = scanner.in_array()};
    behind = scanner.next();
    if (behind == kNone)
      return {.size = text.size(), .in_array = scanner.in_array(), .resync = scanner.resync()};
    place.advance(text.substr(begin, behind - begin));
  }
}

}  // namespace segue::data
