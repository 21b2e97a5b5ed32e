#include "host/data/parquet/parquet_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <span>
#include <system_error>
#include <utility>

#include "host/data/parquet/codec.hpp"
#include "host/data/parquet/damage.hpp"
#include "host/data/parquet/page.hpp"
#include "segue/core/error.hpp"
#include "segue/core/text.hpp"

namespace segue::data {
namespace {

using parquet::Column;
using parquet::Damage;
using parquet::File;
using parquet::Page;
using parquet::PageCursor;
using parquet::TextArena;
using Pages = std::vector<std::shared_ptr<Page>>;

std::shared_ptr<File> open_bytes(const std::filesystem::path& path, std::string_view bytes) {
  auto file = std::make_shared<File>();
  file->path = path;
  file->bytes = bytes;
  try {
    parquet::Footer footer = parquet::read_footer(bytes);
    file->data_end = footer.begin;
    file->columns = parquet::leaf_columns(footer.metadata.schema);
    file->groups = std::move(footer.metadata.groups);
  } catch (const Damage& damage) {
    throw BadInput(fmt::format("{}: {}", path.string(), damage.what()));
  }
  return file;
}

std::shared_ptr<File> open_file(const std::filesystem::path& path) {
  std::error_code unknown;  // what it is: opening it says so
  if (std::filesystem::is_other(path, unknown))
    throw BadInput(fmt::format(
        "{}: Parquet cannot be read from a pipe or a device, as its index stands at the end; save it as a file first",
        path.string()));
  const auto written = std::filesystem::last_write_time(path, unknown);
  MappedFile mapping(path);
  std::shared_ptr<File> file = open_bytes(path, mapping.text());
  file->mapping.emplace(std::move(mapping));
  file->written = written;
  return file;
}

std::vector<std::string> readable_columns(const File& file) {
  std::vector<std::string> names;
  for (const Column& column : file.columns)
    if (column.unread.empty())
      names.push_back(column.name);
  return names;
}

const Column& find_column(const File& file, const std::string& name) {
  const auto is_it = [&](const Column& column) { return column.name == name; };
  const auto found = std::find_if(file.columns.begin(), file.columns.end(), is_it);
  if (found == file.columns.end())
    throw BadInput(fmt::format("{}: no column {}; there are {}; rename the one that is meant", file.path.string(),
                               quote_for_message(name), quote_list(readable_columns(file))));
  if (std::find_if(found + 1, file.columns.end(), is_it) != file.columns.end())
    throw BadInput(
        fmt::format("{}: two columns are named {}; rename one", file.path.string(), quote_for_message(name)));
  if (!found->unread.empty())
    throw BadInput(fmt::format("{}: column {}: {}", file.path.string(), quote_for_message(name), found->unread));
  return *found;
}

std::string_view what_is_wrong(const parquet::RowGroup& group, const Column& column, std::size_t columns) {
  if (group.columns.size() != columns)
    return "the row group has another number of columns than the schema; write the file again";
  const parquet::ColumnChunk& chunk = group.columns[column.leaf];
  if (chunk.encrypted)
    return "it is encrypted; decrypt it first, for Segue has no keys";
  if (chunk.in_another_file)
    return "its values lie in another file; write all into one";
  if (chunk.physical != column.physical)
    return "it has another type here than in the schema; write the file again";
  return parquet::why_unread(chunk.codec);
}

void check_chunks(const File& file, const Column& column) {
  for (std::size_t i = 0; i < file.groups.size(); ++i)
    if (const std::string_view wrong = what_is_wrong(file.groups[i], column, file.columns.size()); !wrong.empty())
      throw BadInput(fmt::format("{}: column {}, row group {} of {}: {}", file.path.string(),
                                 quote_for_message(column.name), i + 1, file.groups.size(), wrong));
}

// The rows of one column that a block has, in the pages that hold them.
struct Slice {
  const Column* column = nullptr;
  Pages pages;
};

// Goes through a slice once.
class SliceCursor {
 public:
  SliceCursor(const Slice& slice, std::int64_t first_row) : slice_(slice), row_(first_row) {}

  void read(std::int64_t rows, std::string_view* fields, std::size_t stride, TextArena& arena) {
    while (rows > 0) {
      Page& page = *slice_.pages[page_];
      if (!cursor_)
        cursor_.emplace(page.cursor_at(row_ - page.first_row()));
      const std::int64_t some = std::min(rows, page.rows() - cursor_->row());
      try {
        cursor_->read(some, fields, stride, *slice_.column, arena);
      } catch (const Damage& damage) {
        page.refuse(damage);
      }
      if (cursor_->row() == page.rows()) {
        cursor_.reset();
        ++page_;
      }
      fields += static_cast<std::size_t>(some) * stride;
      row_ += some;
      rows -= some;
    }
  }

  void keep_position() const {
    if (cursor_)
      slice_.pages[page_]->keep(*cursor_);
  }

 private:
  const Slice& slice_;
  std::int64_t row_;
  std::size_t page_ = 0;
  std::optional<PageCursor> cursor_;
};

class ParquetBlock final : public RecordBlock {
 public:
  explicit ParquetBlock(std::vector<Slice> empty) : slices(std::move(empty)) {}

  void for_each(const std::function<void(const Record&)>& visit,
                const std::function<void(const DamagedRecord&)>&) override {
    constexpr std::int64_t kSome = 512;  // records whose fields stay in the first-level cache
    arena_.clear();
    const std::size_t width = slices.size();
    fields_.resize(static_cast<std::size_t>(kSome) * width);
    std::vector<SliceCursor> cursors;
    for (const Slice& slice : slices)
      cursors.emplace_back(slice, first_row);
    Record record;
    record.line = first_line;
    for (std::int64_t done = 0; done < rows; done += kSome) {
      const std::int64_t some = std::min(kSome, rows - done);
      for (std::size_t i = 0; i < width; ++i)
        cursors[i].read(some, fields_.data() + i, width, arena_);
      for (std::int64_t i = 0; i < some; ++i, ++record.line) {
        record.fields = std::span(fields_).subspan(static_cast<std::size_t>(i) * width, width);
        visit(record);
      }
    }
    for (const SliceCursor& cursor : cursors)
      cursor.keep_position();
  }

  std::vector<Slice> slices;
  std::int64_t first_line = 0;
  std::int64_t first_row = 0;  // in the row group
  std::int64_t rows = 0;

 private:
  TextArena arena_;
  std::vector<std::string_view> fields_;  // record by record
};

}  // namespace

struct ParquetReader::Impl {
  Impl(std::shared_ptr<const File> opened, std::vector<std::string> wanted, const ParquetFormat& options)
      : file(std::move(opened)), names(std::move(wanted)), format(options) {
    if (format.block_records < 1)
      throw InvalidArgument(fmt::format("block_records {} must be at least 1", format.block_records));
    if (names.empty())
      throw InvalidArgument(fmt::format("{}: no column is wanted; name at least one", file->path.string()));
    for (const std::string& name : names) {
      columns.push_back(&find_column(*file, name));
      check_chunks(*file, *columns.back());
    }
    for (const parquet::RowGroup& row_group : file->groups)
      records += row_group.rows;
  }

  // To the next row group that has rows; false if there is none.
  bool enter_group() {
    while (group < file->groups.size() && file->groups[group].rows == 0)
      ++group;
    if (group == file->groups.size())
      return false;
    pages.clear();
    for (const Column* column : columns)
      pages.push_back(parquet::find_pages(file, *column, group));
    first_pages.assign(columns.size(), 0);
    return true;
  }

  // The pages of column i with rows from next_row to `end`. Those that end there are only the block's from now on.
  void hand_out(std::size_t i, std::int64_t end, Slice& slice) {
    slice.column = columns[i];
    slice.pages.clear();
    std::size_t& first = first_pages[i];
    while (first < pages[i].size()) {
      std::shared_ptr<Page>& page = pages[i][first];
      if (page->first_row() >= end)
        break;
      slice.pages.push_back(page);
      if (page->first_row() + page->rows() > end)
        break;
      page.reset();
      ++first;
    }
  }

  // What a mapping shows changes with the file.
  void require_unchanged() const {
    std::error_code gone;
    if (file->mapping && (std::filesystem::last_write_time(file->path, gone) != file->written || gone))
      throw BadInput(fmt::format("{}: was changed while it was read; wait until it is written, or read a copy",
                                 file->path.string()));
  }

  bool next(ParquetBlock& block) {
    if (pages.empty() && !enter_group()) {
      require_unchanged();
      return false;
    }
    const std::int64_t rows = std::min(format.block_records, file->groups[group].rows - next_row);
    for (std::size_t i = 0; i < columns.size(); ++i)
      hand_out(i, next_row + rows, block.slices[i]);
    block.first_line = records_before + 1;
    block.first_row = next_row;
    block.rows = rows;
    next_row += rows;
    records_before += rows;
    block.file_position = static_cast<std::int64_t>(static_cast<double>(file->bytes.size()) *
                                                    static_cast<double>(records_before) / static_cast<double>(records));
    if (next_row == file->groups[group].rows) {
      pages.clear();
      next_row = 0;
      ++group;
    }
    return true;
  }

  std::shared_ptr<const File> file;
  std::vector<std::string> names;
  ParquetFormat format;
  std::vector<const Column*> columns;
  std::int64_t records = 0;  // in the file
  std::int64_t records_before = 0;
  std::size_t group = 0;
  std::int64_t next_row = 0;             // in it
  std::vector<Pages> pages;              // of the group's columns; empty before it is entered
  std::vector<std::size_t> first_pages;  // of each column, the one with next_row
};

ParquetReader::ParquetReader(const std::filesystem::path& path, std::vector<std::string> wanted,
                             const ParquetFormat& format)
    : impl_(std::make_unique<Impl>(open_file(path), std::move(wanted), format)) {}

ParquetReader::ParquetReader(const ParquetBytes& file, std::vector<std::string> wanted, const ParquetFormat& format)
    : impl_(std::make_unique<Impl>(open_bytes(file.path, file.bytes), std::move(wanted), format)) {}

ParquetReader::~ParquetReader() = default;

const std::filesystem::path& ParquetReader::path() const {
  return impl_->file->path;
}

const std::vector<std::string>& ParquetReader::columns() const {
  return impl_->names;
}

std::int64_t ParquetReader::file_bytes() const {
  return static_cast<std::int64_t>(impl_->file->bytes.size());
}

std::unique_ptr<RecordBlock> ParquetReader::make_block() const {
  return std::make_unique<ParquetBlock>(std::vector<Slice>(impl_->columns.size()));
}

bool ParquetReader::next(RecordBlock& block) {
  return impl_->next(dynamic_cast<ParquetBlock&>(block));
}

std::vector<std::string> parquet_columns(const std::filesystem::path& path) {
  return readable_columns(*open_file(path));
}

std::vector<std::string> parquet_columns(const ParquetBytes& file) {
  return readable_columns(*open_bytes(file.path, file.bytes));
}

}  // namespace segue::data
