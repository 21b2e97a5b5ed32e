#include "segue/data/catalogue.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include "host/data/table_rows.hpp"
#include "segue/core/error.hpp"
#include "segue/core/file.hpp"
#include "segue/core/text.hpp"

namespace segue::data {
namespace {

constexpr double kLargestInt = std::numeric_limits<std::int32_t>::max();

// A field of the row, empty where the table has no such column.
std::string_view field(const Record& row, int column) {
  return column < 0 ? std::string_view{} : row.fields[static_cast<std::size_t>(column)];
}

// 0 for an empty field; nothing for what is no number from 0 to `most`.
std::optional<double> parse_number(std::string_view text, double most) {
  double value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty())
    return 0;
  return fault == std::errc{} && end == text.data() + text.size() && value >= 0 && value <= most ? std::optional(value)
                                                                                                 : std::nullopt;
}

// A day; kNoDate for an empty field and for a year or month alone; nothing for anything else.
std::optional<std::int32_t> parse_release_day(std::string_view text) {
  constexpr std::string_view kFirstDay = "-01-01";
  if (const std::optional<Date> date = parse_date(text))
    return static_cast<std::int32_t>(date->time_since_epoch().count());
  const bool partial = text.size() == 4 || text.size() == 7;
  if (text.empty() || (partial && parse_date(std::string(text).append(kFirstDay.substr(text.size() - 4)))))
    return Catalogue::kNoDate;
  return std::nullopt;
}

// Adds the rows of songs.csv to the catalogue, each whole or not at all.
class SongRows {
 public:
  SongRows(const TableReader& table, Catalogue& catalogue, IdTable& ids)
      : catalogue_(catalogue),
        ids_(ids),
        id_(table.require_column("song_id")),
        title_(table.column("title")),
        artist_(table.column("artist_id")),
        release_date_(table.column("release_date")),
        duration_(table.column("duration_ms")),
        path_(table.column("path")),
        flow_{table.column("tempo"), table.column("energy"), table.column("valence")} {}

  std::optional<RowFault> add(const Record& row) {
    const std::string_view id = field(row, id_);
    if (!is_id(id))
      return RowFault{id_, std::string(kExpectedId)};
    if (ids_.find(id) != IdTable::kNone)
      return RowFault{id_, "expected a song_id that no row before has"};
    for (const int column : {title_, artist_, path_})
      if (!is_valid_utf8(field(row, column)))
        return RowFault{column, "expected UTF-8"};
    const std::optional<std::int32_t> day = parse_release_day(field(row, release_date_));
    if (!day)
      return RowFault{release_date_, "expected a date YYYY-MM-DD, YYYY-MM or YYYY, or nothing"};
    const std::optional<double> duration = parse_number(field(row, duration_), kLargestInt);
    if (!duration)
      return RowFault{duration_, fmt::format("expected milliseconds from 0 to {:.0f}, or nothing", kLargestInt)};
    std::array<float, 3> flow{};
    for (std::size_t i = 0; i < flow.size(); ++i) {
      const std::optional<double> value = parse_number(field(row, flow_[i]), kMostFlow[i]);
      if (!value)
        return RowFault{flow_[i], fmt::format("expected a number from 0 to {}, or nothing", kMostFlow[i])};
      flow[i] = static_cast<float>(*value / kFlowUnit[i]);
    }
    append(row, *day, static_cast<std::int32_t>(std::lround(*duration)), flow);
    return std::nullopt;
  }

  // Once all rows are there.
  void finish() {
    if (*std::max_element(flow_.begin(), flow_.end()) < 0)
      return;
    catalogue_.flow = Matrix<float>(catalogue_.songs(), 3);
    std::copy(flow_rows_.begin(), flow_rows_.end(), catalogue_.flow.data());
  }

 private:
  static constexpr std::array<double, 3> kMostFlow{1000, 1,
                                                   1};  // beats a minute; energy and valence as Spotify has them
  static constexpr std::array<double, 3> kFlowUnit{60, 1, 1};

  void append(const Record& row, std::int32_t day, std::int32_t duration_ms, const std::array<float, 3>& flow) {
    const std::string_view id = field(row, id_), title = field(row, title_), artist = field(row, artist_);
    ids_.add(id);
    catalogue_.titles.emplace_back(title.empty() ? id : title);
    catalogue_.artist.push_back(artist.empty() ? IdTable::kNone : catalogue_.artists.add(artist));
    catalogue_.release_day.push_back(day);
    catalogue_.duration_ms.push_back(duration_ms);
    if (path_ >= 0)
      catalogue_.path.emplace_back(field(row, path_));
    flow_rows_.insert(flow_rows_.end(), flow.begin(), flow.end());
  }

  Catalogue& catalogue_;
  IdTable& ids_;
  int id_, title_, artist_, release_date_, duration_, path_;
  std::array<int, 3> flow_;
  std::vector<float> flow_rows_;
};

void read_artists(const std::filesystem::path& path, const CatalogueOptions& options, Catalogue& catalogue,
                  RejectLog& rejects, Progress& progress) {
  TableReader table(path);
  const int id_column = table.require_column("artist_id"), name_column = table.column("name");
  for_each_row(table, options.reject_limit, rejects, progress, [&](const Record& row) -> std::optional<RowFault> {
    const std::string_view id = field(row, id_column), name = field(row, name_column);
    if (!is_id(id))
      return RowFault{id_column, std::string(kExpectedId)};
    if (catalogue.artists.find(id) != IdTable::kNone)
      return RowFault{id_column, "expected an artist_id that no row before has"};
    if (!is_valid_utf8(name))
      return RowFault{name_column, "expected UTF-8"};
    catalogue.artists.add(id);
    catalogue.artist_names.emplace_back(name);
    return std::nullopt;
  });
}

}  // namespace

std::string_view Catalogue::artist_id_of(std::int32_t song) const {
  const std::int32_t row = artist[static_cast<std::size_t>(song)];
  return row == IdTable::kNone ? std::string_view{} : artists.id(row);
}

std::string_view Catalogue::artist_name_of(std::int32_t song) const {
  const std::int32_t row = artist[static_cast<std::size_t>(song)];
  if (row == IdTable::kNone)
    return {};
  const std::string_view name = artist_names[static_cast<std::size_t>(row)];
  return name.empty() ? artists.id(row) : name;
}

Catalogue read_catalogue(const DataPaths& paths, const CatalogueOptions& options, IdTable& song_ids, RejectLog& rejects,
                         Progress& progress) {
  if (song_ids.size() != 0)
    throw InvalidArgument(fmt::format("the songs' table must be empty, it holds {} ids", song_ids.size()));
  Catalogue catalogue;
  if (!paths.artists.empty())
    read_artists(paths.artists, options, catalogue, rejects, progress);
  if (!paths.songs.empty()) {
    TableReader table(paths.songs);
    SongRows songs(table, catalogue, song_ids);
    for_each_row(table, options.reject_limit, rejects, progress, [&](const Record& row) { return songs.add(row); });
    songs.finish();
  }
  catalogue.artist_names.resize(static_cast<std::size_t>(catalogue.artists.size()));
  return catalogue;
}

void write_catalogue(const std::filesystem::path& directory, const Catalogue& catalogue, const IdTable& song_ids) {
  AtomicFile songs(directory / "songs.csv"), artists(directory / "artists.csv");
  const auto write = [](AtomicFile& file, std::initializer_list<std::string_view> fields) {
    std::string line;
    for (const std::string_view field : fields) {
      line += line.empty() ? "" : ",";
      append_csv_field(line, field);
    }
    file.write(line + '\n');
  };
  write(songs, {"song_id", "title", "artist_id"});
  for (std::int32_t song = 0; song < catalogue.songs(); ++song)
    write(songs, {song_ids.id(song), catalogue.title_of(song), catalogue.artist_id_of(song)});
  write(artists, {"artist_id", "name"});
  for (std::int32_t artist = 0; artist < catalogue.artists.size(); ++artist)
    write(artists, {catalogue.artists.id(artist), catalogue.artist_names[static_cast<std::size_t>(artist)]});
  songs.commit();
  artists.commit();
}

Csr read_follows(const DataPaths& paths, const CatalogueOptions& options, IdTable& users, Catalogue& catalogue,
                 RejectLog& rejects, Progress& progress) {
  std::vector<std::pair<std::int32_t, std::int32_t>> follows;
  if (!paths.follows.empty()) {
    TableReader table(paths.follows);
    const int user_column = table.require_column("user_id"), artist_column = table.require_column("artist_id");
    for_each_row(table, options.reject_limit, rejects, progress, [&](const Record& row) -> std::optional<RowFault> {
      for (const int column : {user_column, artist_column})
        if (!is_id(field(row, column)))
          return RowFault{column, std::string(kExpectedId)};
      follows.emplace_back(users.add(field(row, user_column)), catalogue.artists.add(field(row, artist_column)));
      return std::nullopt;
    });
  }
  catalogue.artist_names.resize(static_cast<std::size_t>(catalogue.artists.size()));
  std::sort(follows.begin(), follows.end());
  follows.erase(std::unique(follows.begin(), follows.end()), follows.end());
  Csr pattern{.rows = users.size(), .columns = catalogue.artists.size(), .offsets = {}, .indices = {}, .values = {}};
  pattern.offsets.assign(static_cast<std::size_t>(pattern.rows) + 1, 0);
  for (const auto& [user, artist] : follows) {
    ++pattern.offsets[static_cast<std::size_t>(user) + 1];
    pattern.indices.push_back(artist);
  }
  for (std::size_t row = 0; row + 1 < pattern.offsets.size(); ++row)
    pattern.offsets[row + 1] += pattern.offsets[row];
  return pattern;
}

}  // namespace segue::data
