#include "host/data/listen_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "host/data/byte_source.hpp"
#include "host/data/json/json_reader.hpp"
#include "host/data/layouts.hpp"
#include "host/data/parquet/parquet_reader.hpp"
#include "segue/core/date.hpp"
#include "segue/core/error.hpp"
#include "segue/core/log.hpp"
#include "segue/core/text.hpp"

namespace segue::data {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBeginning = 64 << 10;  // enough for the first object of a JSON log

std::int64_t two_days_from_now() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now() + std::chrono::days{2})
      .time_since_epoch()
      .count();
}

// One column cannot mean two things.
void check(const ListenColumns& columns) {
  const std::array<std::pair<std::string_view, std::string_view>, 6> roles{{{"user", columns.user},
                                                                            {"song", columns.song},
                                                                            {"timestamp", columns.timestamp},
                                                                            {"ms_played", columns.ms_played},
                                                                            {"count", columns.count},
                                                                            {"rating", columns.rating}}};
  for (auto role = roles.begin(); role != roles.end(); ++role)
    for (auto other = roles.begin(); other != role; ++other)
      if (!role->second.empty() && role->second == other->second)
        throw InvalidArgument(
            fmt::format("input.columns.{} and input.columns.{} both name the column {}; each needs its own, and an "
                        "optional one may be \"\"",
                        other->first, role->first, quote_for_message(role->second)));
}

bool is_export_folder(const std::string& name) {
  return name == "MyData" || name == "my_spotify_data" || name.starts_with("Spotify ");
}

// The folder's path below `shared`, or its name where it is `shared` itself, without the folders of an export.
std::string listener_of(const fs::path& folder, const fs::path& shared) {
  fs::path below;
  for (const fs::path& part : folder.lexically_relative(shared))
    if (part != "." && !is_export_folder(part.string()))
      below /= part;
  if (!below.empty())
    return below.string();
  fs::path named = shared;
  while (named.has_relative_path() && is_export_folder(named.filename().string()))
    named = named.parent_path();
  return named.has_relative_path() ? named.filename().string() : "listener";
}

// Finds the columns that the configuration names or, where it leaves the defaults, those of usual names.
class ColumnFinder {
 public:
  ColumnFinder(const fs::path& path, std::span<const std::string> columns) : path_(path), columns_(columns) {}

  // −1: none.  @param key  of input.columns
  int find(Role role, std::string_view key, const std::string& name, const std::string& default_name) {
    if (name.empty())
      return -1;
    int column = find_column(path_, columns_, name);
    if (column < 0 && name != default_name)
      refuse(key, name, key == "user" || key == "song" ? "" : ", or to \"\" for none");
    if (column < 0)
      column = guess(role);
    if (column >= 0)
      taken_.push_back(column);
    return column;
  }

  int require(Role role, std::string_view key, const std::string& name, const std::string& default_name) {
    const int column = find(role, key, name, default_name);
    if (column < 0)
      refuse(key, name.empty() ? default_name : name, "");
    return column;
  }

  // A column by a usual name, unless it has a role already.
  int guess(Role role) const {
    const int column = guess_column(role, columns_);
    return std::ranges::find(taken_, column) == taken_.end() ? column : -1;
  }

 private:
  [[noreturn]] void refuse(std::string_view key, const std::string& name, std::string_view or_none) const {
    throw BadInput(fmt::format("{}: no column {}; there are {}; set input.columns.{} to the one that is meant{}",
                               path_.string(), quote_for_message(name), quote_list(columns_), key, or_none));
  }

  const fs::path& path_;
  std::span<const std::string> columns_;
  std::vector<int> taken_;
};

ListenSchema find_columns(const fs::path& path, std::span<const std::string> columns, const ListenOptions& options) {
  const ListenColumns& names = options.columns;
  const ListenColumns defaults;
  ColumnFinder finder(path, columns);
  ListenSchema schema;
  schema.names.assign(columns.begin(), columns.end());
  schema.user = finder.require(Role::user, "user", names.user, defaults.user);
  schema.song = {{finder.require(Role::song, "song", names.song, defaults.song)}};
  schema.timestamp = finder.find(Role::timestamp, "timestamp", names.timestamp, defaults.timestamp);
  schema.ms_played = finder.find(Role::ms_played, "ms_played", names.ms_played, defaults.ms_played);
  schema.count = finder.find(Role::count, "count", names.count, defaults.count);
  schema.rating = finder.find(Role::rating, "rating", names.rating, defaults.rating);
  schema.title = finder.guess(Role::title);
  schema.artist_id = finder.guess(Role::artist_id);
  schema.artist = finder.guess(Role::artist);
  return schema;
}

ListenSchema schema_of(const KnownLayout& layout) {
  const auto column = [&](const std::string& name) {
    return name.empty() ? -1 : static_cast<int>(std::ranges::find(layout.columns, name) - layout.columns.begin());
  };
  ListenSchema schema;
  schema.names = layout.columns;
  schema.user = column(layout.user);
  for (const std::vector<std::string>& names : layout.song) {
    std::vector<int>& columns = schema.song.emplace_back();
    for (const std::string& name : names)
      columns.push_back(column(name));
  }
  schema.timestamp = column(layout.timestamp);
  schema.ms_played = column(layout.ms_played);
  schema.count = column(layout.count);
  schema.rating = column(layout.rating);
  schema.title = column(layout.title);
  schema.artist_id = column(layout.artist_id);
  schema.artist = column(layout.artist);
  for (const std::string& name : layout.not_music)
    schema.not_music.push_back(column(name));
  return schema;
}

// Keeps of the columns those that have a role: of JSON and Parquet, what is not wanted is not read.
std::vector<std::string> keep_wanted(ListenSchema& schema) {
  std::vector<std::string> wanted;
  const auto keep = [&](int& column) {
    if (column < 0)
      return;
    wanted.push_back(schema.names[static_cast<std::size_t>(column)]);
    column = static_cast<int>(wanted.size()) - 1;
  };
  keep(schema.user);
  for (std::vector<int>& alternative : schema.song)
    for (int& column : alternative)
      keep(column);
  for (int* column : {&schema.timestamp, &schema.ms_played, &schema.count, &schema.rating, &schema.title,
                      &schema.artist_id, &schema.artist})
    keep(*column);
  schema.names = wanted;
  return wanted;
}

// In a listing of what was found, so that a wrong guess is seen.
void log_columns(const fs::path& path, const ListenSchema& schema) {
  std::string text;
  const auto add = [&](std::string_view role, int column) {
    if (column >= 0)
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", role,
                          quote_for_message(schema.names[static_cast<std::size_t>(column)]));
  };
  add("user", schema.user);
  add("song", schema.song[0][0]);
  add("time", schema.timestamp);
  add("ms played", schema.ms_played);
  add("count", schema.count);
  add("rating", schema.rating);
  log::info("{}: {}", path.filename().string(), text);
}

std::unique_ptr<RecordReader> open_json(const fs::path& path, std::unique_ptr<ByteSource> source,
                                        std::vector<std::string> keys, const ListenOptions& options) {
  JsonFormat format;
  format.block_bytes = options.format.block_bytes;
  format.longest_record_bytes = options.format.longest_record_bytes;
  return std::make_unique<JsonReader>(path, std::move(source), std::move(keys), format);
}

std::vector<std::string> json_keys(const fs::path& path, ByteSource& source, const ListenOptions& options) {
  std::vector<std::string> keys = first_json_keys(source.peek(kBeginning));
  std::string content(source.peek(kBeginning));
  std::erase_if(content, [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; });
  if (content == "[]")  // as an export writes what there was none of
    return {options.columns.user, options.columns.song};
  if (keys.empty())
    throw BadInput(fmt::format("{}: does not begin with a JSON object or an array of objects", path.string()));
  for (const std::string* name : {&options.columns.user, &options.columns.song})  // perhaps not in the first object
    if (std::ranges::find(keys, *name) == keys.end() && name->find('.') != std::string::npos)
      keys.push_back(*name);
  return keys;
}

ListenFile open_table(const fs::path& path, std::unique_ptr<ByteSource> source, const ListenOptions& options) {
  ListenFile file;
  file.records = std::make_unique<TableReader>(path, std::move(source), options.format);
  file.schema = find_columns(path, file.records->columns(), options);
  return file;
}

// ListenBrainz's dumps and its web service call some things by other names.
std::vector<std::string> listenbrainz_keys(std::vector<std::string> keys, ByteSource& source) {
  const std::vector<std::string> there = first_json_keys(source.peek(kBeginning));
  const auto has = [&](std::string_view key) { return std::ranges::find(there, key) != there.end(); };
  if (!has("listened_at") && has("timestamp"))
    std::ranges::replace(keys, "listened_at", "timestamp");
  if (!has("user_name") && has("user_id"))
    std::ranges::replace(keys, "user_name", "user_id");
  return keys;
}

ListenFile open_known(const fs::path& path, std::unique_ptr<ByteSource> source, const KnownLayout& layout,
                      const ListenOptions& options) {
  ListenFile file;
  file.schema = schema_of(layout);
  if (layout.layout == Layout::listenbrainz)
    file.schema.names = listenbrainz_keys(layout.columns, *source);
  if (layout.delimiter == '\0') {
    file.records = open_json(path, std::move(source), file.schema.names, options);
    file.schema.music = path.filename().string().find("_Video_") == std::string::npos;
  } else {
    TableFormat format = options.format;
    format.delimiter = layout.delimiter;
    format.quotes = false;
    format.header = layout.columns;
    file.records = std::make_unique<TableReader>(path, std::move(source), format);
  }
  return file;
}

ListenFile open_as(Layout layout, const fs::path& path, std::unique_ptr<ByteSource> source,
                   const ListenOptions& options) {
  ListenFile file;
  switch (layout) {
    case Layout::table:
      return open_table(path, std::move(source), options);
    case Layout::json:
      file.schema = find_columns(path, json_keys(path, *source, options), options);
      file.records = open_json(path, std::move(source), keep_wanted(file.schema), options);
      return file;
    case Layout::parquet:
      file.schema = find_columns(path, parquet_columns(path), options);
      file.records = std::make_unique<ParquetReader>(path, keep_wanted(file.schema));
      return file;
    default:
      return open_known(path, std::move(source), *known_layout(layout), options);
  }
}

}  // namespace

std::vector<std::string> listeners_of(std::span<const fs::path> files, const ListenOptions& options) {
  std::vector<fs::path> folders;
  for (const fs::path& file : files)
    folders.push_back(fs::absolute(file).lexically_normal().parent_path());
  fs::path shared = folders.empty() ? fs::path() : folders[0];
  for (const fs::path& folder : folders)
    while (*folder.lexically_relative(shared).begin() == "..")
      shared = shared.parent_path();
  std::vector<std::string> listeners;
  for (std::size_t i = 0; i < files.size(); ++i)
    listeners.push_back(!options.user.empty()      ? options.user
                        : files[i] == "/dev/stdin" ? "listener"
                                                   : listener_of(folders[i], shared));
  return listeners;
}

ListenFile open_listens(const fs::path& path, const ListenOptions& options, const std::string& listener) {
  check(options.columns);
  std::unique_ptr<ByteSource> source = open_source(path);
  const Layout layout =
      options.layout == Layout::automatic ? recognise_layout(source->peek(kBeginning)) : options.layout;
  ListenFile file = open_as(layout, path, std::move(source), options);
  ListenSchema& schema = file.schema;
  schema.file = path.string();
  if (schema.user < 0 || layout == Layout::spotify_extended)  // newer exports have no names
    schema.user_name = listener;
  schema.min_rating = options.min_rating;
  const bool given = options.latest_timestamp != 0;
  schema.latest_timestamp = given ? options.latest_timestamp : two_days_from_now();
  schema.latest = given ? format_timestamp(options.latest_timestamp) : "two days from now";
  log_columns(path, schema);
  return file;
}

}  // namespace segue::data
