#include "host/data/parquet/page.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "host/data/parquet/codec.hpp"
#include "host/data/parquet/damage.hpp"
#include "segue/core/error.hpp"
#include "segue/core/text.hpp"
#include "segue/data/record_reader.hpp"

namespace segue::data::parquet {
namespace {

// Entries become views of 16 bytes each, out of 4 or more. Writers stop at 1 MiB, DuckDB at a share of the row group.
constexpr std::int64_t kLargestDictionary = 128 << 20;

void check_sum(const StoredPage& page) {
  if (!page.header.crc)
    return;
  const auto sum = static_cast<std::uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(page.stored.data()), static_cast<uInt>(page.stored.size())));
  if (*page.header.crc != sum)
    throw Damage(
        fmt::format("its checksum is {:08x}, its header says {:08x}; copy the file again", sum, *page.header.crc));
}

// v2 has its levels before what is compressed, v1 within it.
PageContent open_page(const StoredPage& page, const Column& column, Codec codec) {
  check_sum(page);
  const PageHeader& header = page.header;
  const bool v2 = header.type == PageType::data_v2;
  const auto repetitions = static_cast<std::size_t>(v2 ? header.repetition_bytes : 0);
  const auto definitions = static_cast<std::size_t>(v2 ? header.definition_bytes : 0);
  const auto size = static_cast<std::size_t>(header.uncompressed_bytes);
  if (repetitions + definitions > std::min(page.stored.size(), size))
    throw Damage("its levels are longer than the page");
  PageContent content;
  content.levels = page.stored.substr(repetitions, definitions);
  content.values = page.stored.substr(repetitions + definitions);
  const std::size_t values_size = size - repetitions - definitions;
  if (codec != Codec::uncompressed && header.compressed && values_size > 0) {
    content.storage = decompress(codec, content.values, values_size);
    content.values = {content.storage.get(), values_size};
  }
  if (header.type == PageType::data && column.max_level > 0) {
    if (header.level_encoding != Encoding::rle)
      throw Damage("its levels are not in RLE encoding; write the file again with a newer writer");
    content.levels = sized_runs(content.values);
    content.values.remove_prefix(sizeof(std::uint32_t) + content.levels.size());
  }
  return content;
}

StoredPage page_at(const File& file, std::size_t offset) {
  StoredPage page;
  page.header = read_page_header(file.bytes.substr(offset, file.data_end - offset));
  const std::size_t begin = offset + static_cast<std::size_t>(page.header.header_bytes);
  if (static_cast<std::size_t>(page.header.bytes) > file.data_end - begin)
    throw Damage(
        fmt::format("it would have {} bytes, {} are left before the footer", page.header.bytes, file.data_end - begin));
  page.stored = file.bytes.substr(begin, static_cast<std::size_t>(page.header.bytes));
  return page;
}

std::size_t first_offset(const File& file, const ColumnChunk& chunk) {
  const bool dictionary_first =
      chunk.dictionary_page_offset > 0 && chunk.dictionary_page_offset < chunk.data_page_offset;
  const std::int64_t offset = dictionary_first ? chunk.dictionary_page_offset : chunk.data_page_offset;
  if (offset < 4 || static_cast<std::uint64_t>(offset) >= file.data_end)
    throw Damage(fmt::format("it would begin at byte {}, the pages lie in bytes 4 to {}", offset, file.data_end));
  return static_cast<std::size_t>(offset);
}

}  // namespace

std::span<const std::string_view> Chunk::dictionary() {
  const std::lock_guard lock(mutex_);
  if (!dictionary_page_)
    throw Damage("its values refer to a dictionary, and there is none");
  if (!decoded_) {
    try {
      decode_dictionary();
    } catch (const Damage& damage) {
      refuse("dictionary page", damage);
    }
    decoded_ = true;
  }
  return texts_;
}

void Chunk::decode_dictionary() {
  const PageHeader& header = dictionary_page_->header;
  if (header.encoding != Encoding::plain && header.encoding != Encoding::plain_dictionary)
    throw Damage(
        fmt::format("its encoding, number {}, is none that dictionaries have", static_cast<int>(header.encoding)));
  if (header.uncompressed_bytes > kLargestDictionary)
    throw Damage(fmt::format("it has {} bytes, {} at most expected; write the file again with smaller row groups",
                             header.uncompressed_bytes, kLargestDictionary));
  content_ = open_page(*dictionary_page_, column_, codec());
  const std::size_t least = column_.width > 0 ? column_.width : sizeof(std::uint32_t);
  if (static_cast<std::size_t>(header.values) > content_.values.size() / least)
    throw Damage(fmt::format("{} values do not fit its {} bytes", header.values, content_.values.size()));
  texts_.resize(static_cast<std::size_t>(header.values));
  ValueCursor(column_, Encoding::plain, content_.values, header.values, {}).read(texts_, column_, arena_);
}

void Chunk::refuse(std::string_view page, const Damage& damage) const {
  throw BadInput(fmt::format("{}: column {}, row group {} of {}, {}: {}", file_->path.string(),
                             quote_for_message(column_.name), group_ + 1, file_->groups.size(), page, damage.what()));
}

void PageCursor::skip(std::int64_t rows, const Column& column) {
  const std::int64_t present = column.max_level > 0 ? levels_.skip_counting(rows, column.max_level) : rows;
  values_.skip(present);
  row_ += rows;
}

void PageCursor::read(std::int64_t rows, std::string_view* fields, std::size_t stride, const Column& column,
                      TextArena& arena) {
  constexpr std::int64_t kSome = 1024;
  for (std::int64_t done = 0; done < rows; done += kSome) {
    const auto some = static_cast<std::size_t>(std::min(kSome, rows - done));
    read_some(some, fields + static_cast<std::size_t>(done) * stride, stride, column, arena);
  }
  row_ += rows;
}

void PageCursor::read_some(std::size_t rows, std::string_view* fields, std::size_t stride, const Column& column,
                           TextArena& arena) {
  std::array<std::string_view, 1024> texts;
  if (column.max_level == 0) {
    values_.read(std::span(texts).first(rows), column, arena);
    for (std::size_t row = 0; row < rows; ++row)
      fields[row * stride] = texts[row];
    return;
  }
  std::array<std::uint32_t, 1024> level_array;
  const std::span<std::uint32_t> levels = std::span(level_array).first(rows);
  levels_.read(levels);
  if (*std::max_element(levels.begin(), levels.end()) > column.max_level)
    throw Damage(fmt::format("it has a definition level above {}", column.max_level));
  const auto present = static_cast<std::size_t>(std::count(levels.begin(), levels.end(), column.max_level));
  values_.read(std::span(texts).first(present), column, arena);
  const std::string_view* next = texts.data();
  for (std::size_t row = 0; row < rows; ++row)
    fields[row * stride] = levels[row] == column.max_level ? *next++ : kMissing;
}

PageCursor Page::load() {
  const Column& column = chunk_->column();
  content_ = open_page(stored_, column, chunk_->codec());
  const Encoding encoding = stored_.header.encoding;
  std::span<const std::string_view> dictionary;
  if (needs_dictionary(encoding))
    dictionary = chunk_->dictionary();
  return PageCursor(HybridCursor(content_.levels, std::bit_width(column.max_level)),
                    ValueCursor(column, encoding, content_.values, rows(), dictionary));
}

std::vector<PageCursor>::iterator Page::first_after(std::int64_t row) {
  return std::upper_bound(cursors_.begin(), cursors_.end(), row,
                          [](std::int64_t at, const PageCursor& cursor) { return at < cursor.row(); });
}

PageCursor Page::cursor_at(std::int64_t row) {
  try {
    std::unique_lock lock(mutex_);
    if (cursors_.empty())
      cursors_.push_back(load());
    PageCursor cursor = *std::prev(first_after(row));
    lock.unlock();
    cursor.skip(row - cursor.row(), chunk_->column());
    return cursor;
  } catch (const Damage& damage) {
    refuse(damage);
  }
}

void Page::keep(const PageCursor& cursor) {
  constexpr std::int64_t kApart = 1024;  // rows: positions are no use nearer to each other
  const std::lock_guard lock(mutex_);
  const auto after = first_after(cursor.row());
  if (cursor.row() - std::prev(after)->row() >= kApart)
    cursors_.insert(after, cursor);
}

void Page::refuse(const Damage& damage) const {
  chunk_->refuse(fmt::format("page {}", number_), damage);
}

std::vector<std::shared_ptr<Page>> find_pages(const std::shared_ptr<const File>& file, const Column& column,
                                              std::size_t group) {
  const RowGroup& row_group = file->groups[group];
  const auto chunk = std::make_shared<Chunk>(file, column, group);
  std::vector<std::shared_ptr<Page>> pages;
  std::int64_t rows = 0;
  try {
    for (std::size_t offset = first_offset(*file, row_group.columns[column.leaf]); rows < row_group.rows;) {
      const StoredPage page = page_at(*file, offset);
      offset += static_cast<std::size_t>(page.header.header_bytes + page.header.bytes);
      if (page.header.type == PageType::dictionary)
        chunk->set_dictionary(page);
      if ((page.header.type != PageType::data && page.header.type != PageType::data_v2) || page.header.values == 0)
        continue;
      pages.push_back(std::make_shared<Page>(chunk, page, rows, static_cast<std::int64_t>(pages.size()) + 1));
      rows += page.header.values;
    }
    if (rows > row_group.rows)
      throw Damage(fmt::format("with it there are {} rows, the row group has {}", rows, row_group.rows));
  } catch (const Damage& damage) {
    chunk->refuse(fmt::format("page {}", pages.size() + 1), damage);
  }
  return pages;
}

}  // namespace segue::data::parquet
