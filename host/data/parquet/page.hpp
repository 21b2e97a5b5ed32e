#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "host/data/parquet/columns.hpp"
#include "host/data/parquet/hybrid.hpp"
#include "host/data/parquet/metadata.hpp"
#include "host/data/parquet/text_arena.hpp"
#include "host/data/parquet/value_cursor.hpp"
#include "segue/core/file.hpp"

namespace segue::data::parquet {

/// An open file, shared by all that points into it.
struct File {
  std::filesystem::path path;
  std::optional<MappedFile> mapping;          ///< none: the bytes are the caller's
  std::filesystem::file_time_type written{};  ///< of the mapping: when last
  std::string_view bytes;
  std::size_t data_end = 0;     ///< where the footer begins
  std::vector<Column> columns;  ///< all of them
  std::vector<RowGroup> groups;
};

/// A page's bytes where they stand in the file, and as they are once decompressed.
struct StoredPage {
  PageHeader header;
  std::string_view stored;
};
struct PageContent {
  std::unique_ptr<char[]> storage;  ///< what was decompressed
  std::string_view levels;          ///< definition levels
  std::string_view values;
};

/// What the pages of a column in a row group have in common: place and dictionary.
class Chunk {
 public:
  Chunk(std::shared_ptr<const File> file, const Column& column, std::size_t group)
      : file_(std::move(file)), column_(column), group_(group) {}

  const Column& column() const { return column_; }
  Codec codec() const { return file_->groups[group_].columns[column_.leaf].codec; }
  void set_dictionary(StoredPage page) { dictionary_page_ = page; }
  /// The dictionary as text, decoded by whoever asks first.  @throws Damage  there is none; BadInput
  std::span<const std::string_view> dictionary();
  /// @throws BadInput  naming file, column, row group and page
  [[noreturn]] void refuse(std::string_view page, const Damage& damage) const;

 private:
  void decode_dictionary();

  std::shared_ptr<const File> file_;
  const Column& column_;
  std::size_t group_;
  std::optional<StoredPage> dictionary_page_;
  std::mutex mutex_;
  bool decoded_ = false;
  PageContent content_;
  std::vector<std::string_view> texts_;
  TextArena arena_;
};

/// A position in a page that was decompressed. Copies go on from where they stand.
class PageCursor {
 public:
  PageCursor(HybridCursor levels, ValueCursor values) : levels_(levels), values_(std::move(values)) {}

  std::int64_t row() const { return row_; }
  /// @throws Damage
  void skip(std::int64_t rows, const Column& column);
  /// The next rows' texts, kMissing for a null, to every `stride`-th place of `fields`.  @throws Damage
  void read(std::int64_t rows, std::string_view* fields, std::size_t stride, const Column& column, TextArena& arena);

 private:
  void read_some(std::size_t rows, std::string_view* fields, std::size_t stride, const Column& column,
                 TextArena& arena);

  HybridCursor levels_;
  ValueCursor values_;
  std::int64_t row_ = 0;
};

/// A data page of flat values. It is decompressed once, by whichever thread first wants rows of it, and lives as long
/// as a block that has rows of it. As most encodings can only be read from the start, a block leaves its last position
/// here for the block that goes on.
class Page {
 public:
  Page(std::shared_ptr<Chunk> chunk, StoredPage stored, std::int64_t first_row, std::int64_t number)
      : chunk_(std::move(chunk)), stored_(stored), first_row_(first_row), number_(number) {}

  std::int64_t first_row() const { return first_row_; }  ///< in the row group
  std::int64_t rows() const { return stored_.header.values; }

  /// @throws BadInput
  PageCursor cursor_at(std::int64_t row);
  void keep(const PageCursor& cursor);
  [[noreturn]] void refuse(const Damage& damage) const;

 private:
  PageCursor load();
  std::vector<PageCursor>::iterator first_after(std::int64_t row);  // under the lock

  std::shared_ptr<Chunk> chunk_;
  StoredPage stored_;
  std::int64_t first_row_;
  std::int64_t number_;  // 1-based
  std::mutex mutex_;
  PageContent content_;
  std::vector<PageCursor> cursors_;  // by row; empty until the page is decompressed
};

/// The data pages of a column in a row group, found by their headers alone.  @throws BadInput
std::vector<std::shared_ptr<Page>> find_pages(const std::shared_ptr<const File>& file, const Column& column,
                                              std::size_t group);

}  // namespace segue::data::parquet
