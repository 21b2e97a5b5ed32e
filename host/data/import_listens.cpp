#include "segue/data/import_listens.hpp"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "host/data/compression.hpp"
#include "segue/core/date.hpp"
#include "segue/core/error.hpp"
#include "segue/core/file.hpp"
#include "segue/core/parallel.hpp"
#include "segue/data/table_reader.hpp"

namespace segue::data {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kRowsPerPiece = 1 << 14;

// Which of the optional columns a batch has: all of its rows, or none.
struct Columns {
  bool timestamp = false, ms_played = false, count = false;
  friend bool operator==(const Columns&, const Columns&) = default;
};

Columns columns_of(const ListenLog& batch) {
  const auto has = [&](const auto& column, auto unknown) {
    const auto known = batch.size() - std::ranges::count(column, unknown);
    if (known != 0 && known != batch.size())
      throw BadInput("some of the files have a column that others lack; import them one by one");
    return known != 0;
  };
  Columns columns;
  columns.timestamp = has(batch.timestamp, ListenLog::kUnknownTime);
  columns.ms_played = has(batch.ms_played, ListenLog::kUnknownDuration);
  columns.count = !batch.count.empty();
  return columns;
}

class ListensWriter {
 public:
  ListensWriter(const fs::path& directory, Compression compression, const IdTable& users, const IdTable& songs)
      : compression_(compression),
        users_(users),
        songs_(songs),
        file_(directory / fmt::format("listens{}", table_suffix(compression))) {}

  void write(const ListenLog& batch) {
    if (batch.size() == 0)
      return;
    const Columns columns = columns_of(batch);
    if (!columns_)
      begin(columns);
    if (columns != *columns_)
      throw BadInput("some of the files have a time, a duration or a count, and some do not; import them one by one");
    pieces_.resize(static_cast<std::size_t>((batch.size() + kRowsPerPiece - 1) / kRowsPerPiece));
    parallel_for(batch.size(), kRowsPerPiece, [&](std::int64_t begin, std::int64_t end) {
      std::string text;
      for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i)
        append_row(text, batch, i);
      pieces_[static_cast<std::size_t>(begin / kRowsPerPiece)] = compress(compression_, std::move(text));
    });
    for (const std::string& piece : pieces_)
      file_.write(piece);
  }

  void commit() { file_.commit(); }

 private:
  void begin(const Columns& columns) {
    columns_ = columns;
    file_.write(
        compress(compression_, fmt::format("user_id,song_id{}{}{}\n", columns.timestamp ? ",timestamp" : "",
                                           columns.ms_played ? ",ms_played" : "", columns.count ? ",count" : "")));
  }

  void append_row(std::string& text, const ListenLog& batch, std::size_t i) const {
    append_csv_field(text, users_.id(batch.user[i]));
    text += ',';
    append_csv_field(text, songs_.id(batch.song[i]));
    if (columns_->timestamp)
      text.append(",").append(format_timestamp(batch.timestamp[i]));
    if (columns_->ms_played)
      fmt::format_to(std::back_inserter(text), ",{}", batch.ms_played[i]);
    if (columns_->count)
      fmt::format_to(std::back_inserter(text), ",{}", batch.count[i]);
    text += '\n';
  }

  Compression compression_;
  const IdTable& users_;
  const IdTable& songs_;
  AtomicFile file_;
  std::optional<Columns> columns_;
  std::vector<std::string> pieces_;
};

void copy_tables(const DataPaths& paths, const fs::path& directory) {
  for (const fs::path& table : {paths.songs, paths.artists, paths.follows})
    if (!table.empty())
      write_file(directory / table.filename(), read_file(table));
}

}  // namespace

ImportResult import_listens(const DataPaths& paths, const ListenOptions& options, const fs::path& directory,
                            std::string_view compression, RejectLog& rejects, Progress& progress) {
  IdTable users, songs;
  Catalogue names;
  ListensWriter writer(directory, parse_compression(compression), users, songs);
  ImportResult result;
  result.counts = read_listens(paths.listens, options, users, songs, paths.songs.empty() ? &names : nullptr, rejects,
                               progress, [&](const ListenLog& batch) { writer.write(batch); });
  if (result.counts.listens == 0)
    throw BadInput(fmt::format("{}: no listens: {} rows were rejected, {} are no music, {} are rated too low",
                               paths.listens[0].string(), result.counts.rejected, result.counts.not_music,
                               result.counts.low_ratings));
  writer.commit();
  copy_tables(paths, directory);
  if (!names.empty())
    write_catalogue(directory, names, songs);
  result.users = users.size();
  result.songs = songs.size();
  result.titles = names.songs();
  return result;
}

}  // namespace segue::data
