// Logs on all threads, in waves of blocks. While one wave is parsed, one task reads the next. The threads of a wave
// look ids up in the tables as the wave before left them; ids that are new get their rows between the waves, block
// after block, so that everything is as if one thread had read the files from top to bottom.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <memory>
#include <utility>

#include "host/data/listen_file.hpp"
#include "host/data/listen_parser.hpp"
#include "host/data/table_rows.hpp"
#include "segue/core/error.hpp"
#include "segue/core/parallel.hpp"
#include "segue/data/listens.hpp"

namespace segue::data {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kBlocksPerThread = 12;  // a wave waits for its last block: the more blocks, the less that is

void check(const ListenOptions& options) {
  if (!(options.reject_limit >= 0 && options.reject_limit <= 1))
    throw InvalidArgument(fmt::format("reject_limit: {} is not in 0–1", options.reject_limit));
}

// The files' blocks, one after the other.
class BlockStream {
 public:
  BlockStream(std::span<const fs::path> paths, const ListenOptions& options)
      : paths_(paths), options_(options), listeners_(listeners_of(paths, options)) {}

  bool next(ListenBlock& block) {
    for (; current_ < paths_.size(); ++current_) {
      if (records_ == nullptr)
        open();
      if (std::exchange(block.file, current_) != current_)
        block.records = records_->make_block();
      block.schema = &schemas_.back();
      if (records_->next(*block.records))
        return true;
      records_.reset();
    }
    return false;
  }

 private:
  void open() {
    ListenFile file = open_listens(paths_[current_], options_, listeners_[current_]);
    records_ = std::move(file.records);
    schemas_.push_back(std::move(file.schema));
  }

  std::span<const fs::path> paths_;
  const ListenOptions& options_;
  std::vector<std::string> listeners_;
  std::size_t current_ = 0;
  std::unique_ptr<RecordReader> records_;  // of the current file; null: it is not open yet
  std::deque<ListenSchema> schemas_;       // of all so far: blocks point to them
};

// The blocks of one wave, used again and again.
struct Wave {
  std::vector<ListenBlock> blocks;
  std::size_t filled = 0;

  Wave() : blocks(static_cast<std::size_t>(kBlocksPerThread * thread_count())) {}
  void read(BlockStream& stream) {
    filled = 0;
    while (filled < blocks.size() && stream.next(blocks[filled]))
      ++filled;
  }
  std::span<ListenBlock> span() { return {blocks.data(), filled}; }
};

// Bytes of the files, on disk, that have been read; for progress.
class Position {
 public:
  explicit Position(ProgressTask& task) : task_(task) {}
  void advance_to(const ListenBlock& block) {
    if (block.schema != std::exchange(file_, block.schema))
      reported_ = 0;
    task_.advance(block.records->file_position - std::exchange(reported_, block.records->file_position));
  }

 private:
  ProgressTask& task_;
  const ListenSchema* file_ = nullptr;
  std::int64_t reported_ = 0;
};

class ListenReader {
 public:
  ListenReader(const ListenOptions& options, IdTable& users, IdTable& songs, Catalogue* names, RejectLog& rejects)
      : options_(options), users_(users), songs_(songs), names_(names), rejects_(rejects) {}

  void parse_wave(Wave& wave, Wave& next, BlockStream& stream) {
    parallel_tasks(static_cast<std::int64_t>(wave.filled) + 1, [&](std::int64_t task) {
      if (task == 0) {
        next.read(stream);
        return;
      }
      ListenBlock& block = wave.blocks[static_cast<std::size_t>(task - 1)];
      block.parse();
      block.user.resolve(users_);
      block.song.resolve(songs_);
    });
  }

  // Takes the wave's listens together.
  ListenLog& gather(Wave& wave) {
    first_row_.assign(1, 0);
    bool counted = false;
    for (ListenBlock& block : wave.span()) {
      begin_block(block);
      block.user.add_new(users_, [](std::size_t) {});
      block.song.add_new(songs_, [&](std::size_t i) { add_names(block, i); });
      counted |= block.schema->count >= 0;
      first_row_.push_back(first_row_.back() + block.size());
    }
    const auto rows = static_cast<std::size_t>(first_row_.back());
    batch_.user.resize(rows);
    batch_.song.resize(rows);
    batch_.timestamp.resize(rows);
    batch_.ms_played.resize(rows);
    batch_.count.resize(counted ? rows : 0);
    parallel_tasks(static_cast<std::int64_t>(wave.filled), [&](std::int64_t task) {
      const ListenBlock& block = wave.blocks[static_cast<std::size_t>(task)];
      const std::int64_t at = first_row_[static_cast<std::size_t>(task)];
      block.user.copy_rows(batch_.user.data() + at);
      block.song.copy_rows(batch_.song.data() + at);
      std::ranges::copy(block.timestamp, batch_.timestamp.begin() + at);
      std::ranges::copy(block.ms_played, batch_.ms_played.begin() + at);
      if (block.schema->count >= 0)
        std::ranges::copy(block.count, batch_.count.begin() + at);
      else if (counted)
        std::fill_n(batch_.count.begin() + at, block.size(), 1);
    });
    return batch_;
  }

  std::int64_t listens() const { return total_.listens; }

  ListenCounts finish() {
    check_limit();
    return total_;
  }

 private:
  void begin_block(const ListenBlock& block) {
    if (file_ != block.schema) {
      check_limit();
      file_ = block.schema;
      file_rows_ = file_rejects_ = 0;
    }
    for (const Reject& reject : block.rejects)
      rejects_.add(reject);
    const auto rejected = static_cast<std::int64_t>(block.rejects.size());
    file_rejects_ += rejected;
    file_rows_ += rejected + block.size() + block.not_music + block.low_ratings;
    total_.rejected += rejected;
    total_.listens += block.size();
    total_.not_music += block.not_music;
    total_.low_ratings += block.low_ratings;
  }

  void check_limit() const {
    if (file_ != nullptr)
      rejects_.check_limit(file_->file, file_rejects_, file_rows_, options_.reject_limit);
  }

  // Of the song that was just added to the table, of the block's listen i.
  void add_names(const ListenBlock& block, std::size_t i) {
    if (names_ == nullptr || !block.schema->has_names())
      return;
    add_nameless(songs_.size() - 1);
    const std::int32_t song = static_cast<std::int32_t>(songs_.size()) - 1;
    names_->titles.emplace_back(is_id(block.title[i]) ? block.title[i] : songs_.id(song));
    const bool known = is_id(block.artist[i]) && (block.artist_id[i].empty() || is_id(block.artist_id[i]));
    const std::string_view name = known ? block.artist[i] : "";
    const std::string_view id = known && !block.artist_id[i].empty() ? block.artist_id[i] : name;
    names_->artist.push_back(id.empty() ? IdTable::kNone : names_->artists.add(id));
    if (names_->artist_names.size() < static_cast<std::size_t>(names_->artists.size()))
      names_->artist_names.emplace_back(name);
    names_->release_day.push_back(Catalogue::kNoDate);
    names_->duration_ms.push_back(0);
  }

  // Songs of files without names, up to `end`: the catalogue has a row for each.
  void add_nameless(std::int64_t end) {
    for (std::int64_t song = names_->songs(); song < end; ++song) {
      names_->titles.emplace_back(songs_.id(static_cast<std::int32_t>(song)));
      names_->artist.push_back(IdTable::kNone);
      names_->release_day.push_back(Catalogue::kNoDate);
      names_->duration_ms.push_back(0);
    }
  }

  const ListenOptions& options_;
  IdTable& users_;
  IdTable& songs_;
  Catalogue* names_;
  RejectLog& rejects_;
  ListenLog batch_;
  std::vector<std::int64_t> first_row_;
  ListenCounts total_;
  const ListenSchema* file_ = nullptr;  // the one being read, and its rows so far
  std::int64_t file_rows_ = 0, file_rejects_ = 0;
};

std::int64_t total_bytes(std::span<const fs::path> files) {
  std::int64_t bytes = 0;
  for (const fs::path& file : files)
    bytes += fs::is_regular_file(file) ? static_cast<std::int64_t>(fs::file_size(file)) : 0;
  return bytes;
}

template <class T>
void append(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

}  // namespace

void append_listens(const ListenLog& batch, ListenLog& log) {
  if (!batch.count.empty())
    log.count.resize(log.user.size(), 1);
  append(log.user, batch.user);
  append(log.song, batch.song);
  append(log.timestamp, batch.timestamp);
  append(log.ms_played, batch.ms_played);
  append(log.count, batch.count);
  if (!log.count.empty())
    log.count.resize(log.user.size(), 1);
}

// Two waves, and each block as text, as what was read ahead, and as fields and columns.
std::int64_t block_bytes_for(std::int64_t memory_bytes) {
  constexpr std::int64_t kCopies = 3;
  return std::clamp<std::int64_t>(memory_bytes / (2 * kBlocksPerThread * kCopies * thread_count()), 4 << 10,
                                  TableFormat().block_bytes);
}

ListenCounts read_listens(std::span<const fs::path> files, const ListenOptions& options, IdTable& users, IdTable& songs,
                          Catalogue* names, RejectLog& rejects, Progress& progress, const ListenSink& sink) {
  check(options);
  BlockStream stream(files, options);
  ListenReader reader(options, users, songs, names, rejects);
  Wave wave, next;
  wave.read(stream);
  const std::string what = files.size() == 1 ? files[0].filename().string() : fmt::format("{} files", files.size());
  ProgressTask task(progress, fmt::format("read {}", what), total_bytes(files), "bytes");
  Position position(task);
  const auto start = std::chrono::steady_clock::now();
  for (; wave.filled > 0; std::swap(wave, next)) {
    reader.parse_wave(wave, next, stream);
    sink(reader.gather(wave));
    for (const ListenBlock& block : wave.span())
      position.advance_to(block);
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    task.note(fmt::format("{:.2f} M listens/s", 1e-6 * static_cast<double>(reader.listens()) / elapsed.count()));
  }
  return reader.finish();
}

ListenLog read_listens(const fs::path& file, const ListenOptions& options, IdTable& users, IdTable& songs,
                       RejectLog& rejects, Progress& progress) {
  ListenLog log;
  read_listens({&file, 1}, options, users, songs, nullptr, rejects, progress,
               [&](const ListenLog& batch) { append_listens(batch, log); });
  return log;
}

}  // namespace segue::data
