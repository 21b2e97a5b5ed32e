#include "segue/data/table_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "host/data/byte_source.hpp"
#include "host/data/record_scanner.hpp"
#include "segue/core/error.hpp"
#include "segue/core/text.hpp"

namespace segue::data {
namespace {

constexpr std::size_t kNone = std::string_view::npos;

void check_format(const TableFormat& format) {
  if (format.delimiter == '"' || format.delimiter == '\n' || format.delimiter == '\r')
    throw InvalidArgument("the delimiter cannot be a quote or a line break");
  if (format.block_bytes < 1 || format.longest_record_bytes < 1)
    throw InvalidArgument(fmt::format("block_bytes {} and longest_record_bytes {} must be at least 1",
                                      format.block_bytes, format.longest_record_bytes));
  if (!format.header.empty() && format.delimiter == '\0')
    throw InvalidArgument("a table without a header row needs a delimiter");
}

// Tab if the header row has one, else the more frequent of comma and semicolon; what is quoted does not count.
char guess_delimiter(std::string_view text) {
  std::int64_t tabs = 0, commas = 0, semicolons = 0;
  bool quoted = false;
  for (const char c : text.substr(0, text.find('\n'))) {
    quoted ^= c == '"';
    tabs += !quoted && c == '\t';
    commas += !quoted && c == ',';
    semicolons += !quoted && c == ';';
  }
  return tabs > 0 ? '\t' : semicolons > commas ? ';' : ',';
}

}  // namespace

struct TableReader::Impl {
  Impl(std::filesystem::path file, std::unique_ptr<ByteSource> bytes, const TableFormat& table_format)
      : path(std::move(file)), format(table_format), source(std::move(bytes)), header(format.header) {
    skip_bom_and_blank_lines();
    if (header.empty())
      read_header();
    else
      delimiter = format.delimiter;
  }

  std::size_t block_bytes() const { return static_cast<std::size_t>(format.block_bytes); }
  std::size_t longest_record() const { return static_cast<std::size_t>(format.longest_record_bytes); }

  // Reads on until `size` bytes are pending or the file ends.
  void fill(std::size_t size) {
    const std::size_t old = pending.size();
    if (size <= old || ended)
      return;
    pending.resize(size);
    const std::size_t count = source->read({pending.data() + old, size - old});
    pending.resize(old + count);
    ended = count < size - old;
  }

  [[noreturn]] void refuse(std::string_view what) const { throw BadInput(fmt::format("{}: {}", path.string(), what)); }

  void skip_blank_lines() {
    while (!ended || !pending.empty()) {
      fill(2);
      const std::size_t blank = pending.starts_with('\n') ? 1 : pending.starts_with("\r\n") ? 2 : 0;
      if (blank == 0)
        return;
      pending.erase(0, blank);
      ++next_line;
    }
  }

  void skip_bom_and_blank_lines() {
    fill(3);
    if (pending.starts_with("\xff\xfe") || pending.starts_with("\xfe\xff"))
      refuse("is UTF-16; save it as UTF-8");
    if (pending == "\xef\xbb\xbf")
      pending.clear();
    skip_blank_lines();
  }

  void read_header() {
    RecordScanner::Found found = RecordScanner::Found::unfinished;
    for (std::size_t size = std::min<std::size_t>(4096, block_bytes()); found == RecordScanner::Found::unfinished;
         size *= 2) {
      fill(size);
      if (pending.empty())
        refuse("is empty; expected a header row with the names of the columns");
      if (format.delimiter == '\0' && !ended && pending.find('\n') == kNone && pending.size() <= longest_record())
        continue;
      delimiter = format.delimiter != '\0' ? format.delimiter : guess_delimiter(pending);
      RecordScanner scanner(delimiter, format.quotes, longest_record());
      found = scanner.scan(pending, 0, ended);
      if (found == RecordScanner::Found::record)
        take_header(scanner);
    }
    if (found != RecordScanner::Found::record)
      refuse(fmt::format("the header row, line {}, {}", next_line,
                         found == RecordScanner::Found::open_quote ? "has a quote that is left open"
                                                                   : "is longer than a record can be"));
  }

  void take_header(const RecordScanner& scanner) {
    if (pending.find('\0') < scanner.end())
      refuse(fmt::format("NUL bytes in the header row, line {}; expected a text table in UTF-8", next_line));
    TableBlock block;
    block.text = pending.substr(0, scanner.next());
    block.delimiter = delimiter;
    block.quotes = format.quotes;
    block.longest_record_bytes = format.longest_record_bytes;
    block.for_each([&](const Record& record) { header.assign(record.fields.begin(), record.fields.end()); },
                   [](const DamagedRecord&) {});
    next_line += std::count(block.text.begin(), block.text.end(), '\n');
    pending.erase(0, scanner.next());
  }

  // How much of what is pending ends with a record; 0: more must be read to tell.
  std::size_t find_cut() {
    if (ended)
      return pending.size();
    if (!format.quotes || pending.find('"') == kNone) {
      const std::size_t line_break = pending.rfind('\n');
      if (line_break != kNone)
        return line_break + 1;
      return pending.size() < longest_record() + RecordScanner::kLookahead ? 0 : cut_long_record();
    }
    RecordScanner scanner(delimiter, format.quotes, longest_record());
    std::size_t start = 0;
    while (start < pending.size() && scanner.scan(pending, start, false) != RecordScanner::Found::unfinished) {
      if (scanner.next() == kNone)
        return start > 0 ? start : cut_long_record();
      start = scanner.next();
    }
    return start;
  }

  // A damaged record whose line is longer than the longest record: enough of it to show that, and the rest of the line
  // is left out unread, however long.
  std::size_t cut_long_record() {
    discarding = true;
    return longest_record() + RecordScanner::kLookahead;
  }

  void discard_line() {
    const std::size_t line_break = pending.find('\n');
    if (line_break == kNone) {
      pending.clear();
      return;
    }
    pending.erase(0, line_break + 1);
    ++next_line;
    discarding = false;
  }

  bool next(TableBlock& block) {
    std::size_t cut = 0;
    for (std::size_t size = block_bytes(); cut == 0;) {
      fill(size);
      if (discarding) {
        discard_line();
        if (!pending.empty() || !ended)
          continue;
      }
      if (pending.empty())
        return false;
      cut = find_cut();
      size = std::max(size, 2 * pending.size());
    }
    block.text.swap(pending);
    pending.assign(block.text, cut);
    block.text.resize(cut);
    block.first_line = next_line;
    block.file_position = source->file_position();
    block.delimiter = delimiter;
    block.quotes = format.quotes;
    block.longest_record_bytes = format.longest_record_bytes;
    next_line += std::count(block.text.begin(), block.text.end(), '\n');
    return true;
  }

  std::filesystem::path path;
  TableFormat format;
  std::unique_ptr<ByteSource> source;
  std::vector<std::string> header;
  char delimiter = ',';
  std::string pending;         // decompressed, not yet in a block
  bool ended = false;          // the source has no more
  bool discarding = false;     // up to the next line break
  std::int64_t next_line = 1;  // of what is pending
};

TableReader::TableReader(std::filesystem::path path, std::unique_ptr<ByteSource> source, const TableFormat& format) {
  check_format(format);
  impl_ = std::make_unique<Impl>(std::move(path), std::move(source), format);
}

TableReader::TableReader(std::filesystem::path path, const TableFormat& format)
    : TableReader(path, open_source(path), format) {}

TableReader::~TableReader() = default;

const std::filesystem::path& TableReader::path() const {
  return impl_->path;
}

const std::vector<std::string>& TableReader::columns() const {
  return impl_->header;
}

char TableReader::delimiter() const {
  return impl_->delimiter;
}

std::int64_t TableReader::file_bytes() const {
  return impl_->source->file_bytes();
}

std::unique_ptr<RecordBlock> TableReader::make_block() const {
  return std::make_unique<TableBlock>();
}

bool TableReader::next(RecordBlock& block) {
  return impl_->next(static_cast<TableBlock&>(block));
}

}  // namespace segue::data
