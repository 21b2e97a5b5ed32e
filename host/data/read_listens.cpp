// A log on all threads, in waves of blocks. While one wave is parsed, one task reads the next. The threads of a wave
// look ids up in the tables as the wave before left them; ids that are new get their rows between the waves, block
// after block, so that everything is as if one thread had read the file from top to bottom.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "host/data/listen_parser.hpp"
#include "segue/core/date.hpp"
#include "segue/core/error.hpp"
#include "segue/core/parallel.hpp"
#include "segue/core/text.hpp"
#include "segue/data/listens.hpp"

namespace segue::data {
namespace {

constexpr std::int64_t kBlocksPerThread = 12;  // a wave waits for its last block: the more blocks, the less that is

std::int64_t two_days_from_now() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now() + std::chrono::days{2})
      .time_since_epoch()
      .count();
}

// One column cannot mean two things.
void check(const ListenColumns& columns) {
  const std::array<std::pair<std::string_view, std::string_view>, 5> roles{{{"user", columns.user},
                                                                            {"song", columns.song},
                                                                            {"timestamp", columns.timestamp},
                                                                            {"ms_played", columns.ms_played},
                                                                            {"count", columns.count}}};
  for (auto role = roles.begin(); role != roles.end(); ++role)
    for (auto other = roles.begin(); other != role; ++other)
      if (!role->second.empty() && role->second == other->second)
        throw InvalidArgument(
            fmt::format("input.columns.{} and input.columns.{} both name the column {}; each needs its own, and an "
                        "optional one may be \"\"",
                        other->first, role->first, quote_for_message(role->second)));
}

// A name that was set must be there; the default only says what a column would be called.
int optional_column(const TableReader& table, std::string_view key, const std::string& name,
                    const std::string& default_name) {
  if (name.empty())
    return -1;
  if (name == default_name)
    return table.column(name);
  return table.require_column(name,
                              fmt::format("set input.columns.{} to the one that is meant, or to \"\" for none", key));
}

ListenSchema schema_of(const TableReader& table, const ListenOptions& options) {
  const ListenColumns& columns = options.columns;
  const ListenColumns defaults;
  ListenSchema schema;
  schema.file = table.path().string();
  schema.fields = table.header().size();
  schema.user = table.require_column(columns.user, "set input.columns.user to the one that is meant");
  schema.song = table.require_column(columns.song, "set input.columns.song to the one that is meant");
  schema.timestamp = optional_column(table, "timestamp", columns.timestamp, defaults.timestamp);
  schema.ms_played = optional_column(table, "ms_played", columns.ms_played, defaults.ms_played);
  schema.count = optional_column(table, "count", columns.count, defaults.count);
  schema.names = table.header();
  const bool given = options.latest_timestamp != 0;
  schema.latest_timestamp = given ? options.latest_timestamp : two_days_from_now();
  schema.latest = given ? format_timestamp(options.latest_timestamp) : "two days from now";
  return schema;
}

// The blocks of one wave, used again and again.
struct Wave {
  std::vector<ListenBlock> blocks;
  std::size_t filled = 0;

  Wave() : blocks(static_cast<std::size_t>(kBlocksPerThread * thread_count())) {}
  void read(TableReader& table) {
    filled = 0;
    while (filled < blocks.size() && table.next(blocks[filled].records))
      ++filled;
  }
  std::span<ListenBlock> span() { return {blocks.data(), filled}; }
};

class ListenReader {
 public:
  ListenReader(TableReader& table, const ListenSchema& schema, IdTable& users, IdTable& songs, RejectLog& rejects)
      : table_(table), schema_(schema), users_(users), songs_(songs), rejects_(rejects) {}

  void parse_wave(Wave& wave, Wave& next) {
    parallel_tasks(static_cast<std::int64_t>(wave.filled) + 1, [&](std::int64_t task) {
      if (task == 0) {
        next.read(table_);
        return;
      }
      ListenBlock& block = wave.blocks[static_cast<std::size_t>(task - 1)];
      block.parse(schema_);
      block.user.resolve(users_);
      block.song.resolve(songs_);
    });
  }

  void append_wave(Wave& wave) {
    std::vector<std::int64_t> first_row{log_.size()};
    for (ListenBlock& block : wave.span()) {
      block.user.add_new(users_);
      block.song.add_new(songs_);
      for (const Reject& reject : block.rejects)
        rejects_.add(reject);
      rejected_ += static_cast<std::int64_t>(block.rejects.size());
      first_row.push_back(first_row.back() + block.size());
    }
    resize(first_row.back(), wave.blocks[wave.filled - 1].records.file_position);
    parallel_tasks(static_cast<std::int64_t>(wave.filled), [&](std::int64_t task) {
      const ListenBlock& block = wave.blocks[static_cast<std::size_t>(task)];
      const std::int64_t at = first_row[static_cast<std::size_t>(task)];
      block.user.copy_rows(log_.user.data() + at);
      block.song.copy_rows(log_.song.data() + at);
      std::copy(block.timestamp.begin(), block.timestamp.end(), log_.timestamp.begin() + at);
      std::copy(block.ms_played.begin(), block.ms_played.end(), log_.ms_played.begin() + at);
      std::copy(block.count.begin(), block.count.end(), log_.count.begin() + (schema_.count >= 0 ? at : 0));
    });
  }

  ListenLog finish(double reject_limit) {
    rejects_.check_limit(schema_.file, rejected_, log_.size() + rejected_, reject_limit);
    return std::move(log_);
  }

 private:
  // Reserves for the whole file, by the share of it that these rows came from: growth by doubling would copy, and hold
  // twice, what is the largest thing in memory.
  void resize(std::int64_t rows, std::int64_t file_position) {
    const auto bytes = static_cast<double>(table_.file_bytes());
    const double share = bytes > 0 ? static_cast<double>(file_position) / bytes : 0.5;  // of a pipe: doubling
    const auto expected = static_cast<std::size_t>(1.03 * static_cast<double>(rows) / std::clamp(share, 0.01, 1.0));
    const auto grow = [&](auto& column) {
      if (static_cast<std::size_t>(rows) > column.capacity())
        column.reserve(expected);
      column.resize(static_cast<std::size_t>(rows));
    };
    grow(log_.user);
    grow(log_.song);
    grow(log_.timestamp);
    grow(log_.ms_played);
    if (schema_.count >= 0)
      grow(log_.count);
  }

  TableReader& table_;
  const ListenSchema& schema_;
  IdTable& users_;
  IdTable& songs_;
  RejectLog& rejects_;
  ListenLog log_;
  std::int64_t rejected_ = 0;
};

}  // namespace

ListenLog read_listens(const std::filesystem::path& path, const ListenOptions& options, IdTable& users, IdTable& songs,
                       RejectLog& rejects, Progress& progress) {
  if (!(options.reject_limit >= 0 && options.reject_limit <= 1))
    throw InvalidArgument(fmt::format("reject_limit: {} is not in 0–1", options.reject_limit));
  check(options.columns);
  TableReader table(path, options.format);
  const ListenSchema schema = schema_of(table, options);
  ProgressTask task(progress, fmt::format("read {}", path.filename().string()), table.file_bytes(), "bytes");
  ListenReader reader(table, schema, users, songs, rejects);
  Wave wave, next;
  std::int64_t reported = 0;
  for (wave.read(table); wave.filled > 0; std::swap(wave, next)) {
    reader.parse_wave(wave, next);
    reader.append_wave(wave);
    const std::int64_t position = wave.blocks[wave.filled - 1].records.file_position;
    task.advance(position - std::exchange(reported, position));
  }
  return reader.finish(options.reject_limit);
}

}  // namespace segue::data
