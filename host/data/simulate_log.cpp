#include "segue/data/simulate_log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "host/data/compression.hpp"
#include "host/data/simulate_catalogue.hpp"
#include "host/data/simulate_listener.hpp"
#include "host/data/simulate_tables.hpp"
#include "segue/core/error.hpp"
#include "segue/core/file.hpp"
#include "segue/core/memory_plan.hpp"
#include "segue/core/parallel.hpp"
#include "segue/data/factor_table.hpp"

namespace segue::data {
namespace {

using namespace simulated;
namespace fs = std::filesystem;

constexpr std::int64_t kMaxDailyListens = 120;   // a user's mean; about seven hours of music
constexpr std::int64_t kMostDailyListens = 200;  // any user's
constexpr std::int64_t kChunkListens = 16'384;   // about this many in a piece of work and a compressed member
constexpr std::int64_t kChunkRows = 4096;        // of the catalogue
constexpr std::int64_t kChunksPerThread = 8;     // in memory at a time

template <class T>
void require_between(const char* option, T value, T low, T high, const char* why = "") {
  if (!(value >= low && value <= high))
    throw InvalidArgument(fmt::format("simulate log: {}: {} is not in {}–{}{}", option, value, low, high, why));
}

void check(const SimulateOptions& options) {
  parse_compression(options.compression);
  constexpr std::int64_t kMaxRows = INT32_MAX;
  require_between<std::int64_t>("users", options.users, 1, kMaxRows);
  require_between<std::int64_t>("songs", options.songs, 1, kMaxRows);
  require_between<std::int64_t>("artists", options.artists, 1, options.songs, " (at most one per song)");
  require_between("days", options.days, 1, 36'500);
  require_between<std::int64_t>("listens", options.listens, options.users,
                                checked_product({options.users, options.days, kMaxDailyListens}),
                                " (from one per user to 120 per user and day)");
  require_between("taste dimensions", options.taste_dimensions, 1, 64);
  require_between("cold song fraction", options.cold_song_fraction, 0.0, 0.95);
  const Date earliest = std::chrono::year{1990} / 1 / 1;
  const Date latest = std::chrono::year{2100} / 12 / 31;
  if (options.last_day - std::chrono::days(options.days - 1) < earliest || options.last_day > latest)
    throw InvalidArgument(fmt::format("simulate log: {} days up to {} are not within {} to {}", options.days,
                                      format_date(options.last_day), format_date(earliest), format_date(latest)));
}

void require_memory(const SimulateOptions& options) {
  MemoryPlan plan("simulate log");
  const auto vector_bytes = static_cast<std::int64_t>(options.taste_dimensions * sizeof(float));
  plan.add("catalogue", checked_product({options.songs + options.artists, 256 + vector_bytes}));
  plan.add("listeners' truth", checked_product({options.users, 32 + vector_bytes}));
  plan.add("listens being written", checked_product({thread_count(), kChunksPerThread, 2 * kChunkListens, 70}));
  plan.require(available_memory_bytes(), "ask for fewer songs or artists");
}

// The folder to write into. Whatever goes wrong later, the destructor takes away what was written, unless keep().
class OutputFolder {
 public:
  explicit OutputFolder(fs::path path) : path_(std::move(path)) {
    std::error_code error;
    created_ = fs::create_directories(path_, error);
    if (error)
      throw IoError("create", path_, error.value());
    const bool is_empty = fs::is_empty(path_, error);
    if (error)
      throw IoError("read", path_, error.value());
    if (!is_empty)
      throw BadInput(fmt::format("simulate log: {} is not empty: name a new folder", path_.string()));
  }
  ~OutputFolder() {
    if (kept_)
      return;
    std::error_code ignored;  // what made us fail is what the caller has to know
    for (fs::directory_iterator entry(path_, ignored), end; entry != end; entry.increment(ignored))
      fs::remove_all(entry->path(), ignored);
    if (created_)
      fs::remove(path_, ignored);
  }
  OutputFolder(const OutputFolder&) = delete;
  OutputFolder& operator=(const OutputFolder&) = delete;

  const fs::path& path() const { return path_; }
  void keep() { kept_ = true; }

 private:
  fs::path path_;
  bool created_ = false;
  bool kept_ = false;
};

// make(i) for 0 ≤ i < count on all threads; take() is given what it made, in order, on this one. A bounded number is in
// memory at a time.
template <class Make, class Take>
void in_order(std::int64_t count, Make&& make, Take&& take) {
  const std::int64_t wave = kChunksPerThread * thread_count();
  std::vector<decltype(make(count))> made(static_cast<std::size_t>(std::min(wave, count)));
  for (std::int64_t first = 0; first < count; first += wave) {
    const std::int64_t size = std::min(wave, count - first);
    parallel_tasks(size, [&](std::int64_t i) { made[static_cast<std::size_t>(i)] = make(first + i); });
    for (std::int64_t i = 0; i < size; ++i)
      take(made[static_cast<std::size_t>(i)]);
  }
}

class Simulation {
 public:
  Simulation(const fs::path& folder, const SimulateOptions& options, Progress& progress)
      : folder_(folder),
        options_(options),
        progress_(progress),
        compression_(parse_compression(options.compression)),
        world_(make_world(options)),
        user_truth_(options.users, options.taste_dimensions) {}

  SimulateResult write() {
    AtomicFile listens(table_path("listens"));
    AtomicFile follows(table_path("follows"));
    write_listeners(listens, follows);
    write_rows("songs", kSongsHeader, options_.songs, append_song_row);
    write_rows("artists", kArtistsHeader, options_.artists, append_artist_row);
    write_truth();
    follows.commit();
    listens.commit();  // last: without listens a folder is no data directory
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder_))
      if (entry.is_regular_file())
        result_.bytes += static_cast<std::int64_t>(entry.file_size());
    return result_;
  }

 private:
  struct Piece {
    std::string listens, follows;
    std::int64_t streams = 0, listen_rows = 0, follow_rows = 0;
  };

  fs::path table_path(const std::string& name) const {
    return folder_ / (name + std::string(table_suffix(compression_)));
  }

  void write_listeners(AtomicFile& listens, AtomicFile& follows) {
    const std::int64_t users_per_piece =
        std::clamp<std::int64_t>(kChunkListens * options_.users / options_.listens, 1, 65'536);
    const std::int64_t pieces = (options_.users + users_per_piece - 1) / users_per_piece;
    scale_ = listens_per_weight();
    ProgressTask task(progress_, "simulate listeners", options_.users, "users");
    listens.write(compress(compression_, std::string(kListensHeader)));
    follows.write(compress(compression_, std::string(kFollowsHeader)));
    in_order(
        pieces,
        [&](std::int64_t piece) {
          const std::int64_t begin = piece * users_per_piece;
          const std::int64_t end = std::min(options_.users, begin + users_per_piece);
          Piece made = simulate_users(begin, end);
          task.advance(end - begin);
          return made;
        },
        [&](const Piece& piece) {
          listens.write(piece.listens);
          follows.write(piece.follows);
          result_.listens += piece.listen_rows;
          result_.streams += piece.streams;
          result_.follows += piece.follow_rows;
        });
  }

  // What turns a user's weight into a number of listens, so that they come to about options.listens.
  double listens_per_weight() const {
    const double total = parallel_sum(options_.users, 65'536, [&](std::int64_t begin, std::int64_t end) {
      double sum = 0;
      for (std::int64_t user = begin; user < end; ++user)
        sum += activity_of(options_.seed, user).weight;
      return sum;
    });
    return static_cast<double>(options_.listens) / total;
  }

  std::int64_t listens_of(const Activity& activity) const {
    if (activity.kind == ListenerKind::follows_only)
      return 0;
    const auto listens = static_cast<std::int64_t>(std::llround(scale_ * activity.weight));
    return std::clamp<std::int64_t>(listens, 1, kMostDailyListens * options_.days);
  }

  Piece simulate_users(std::int64_t begin, std::int64_t end) {
    Listener listener(world_, options_.seed);
    Piece piece;
    for (std::int64_t user = begin; user < end; ++user) {
      const Activity activity = activity_of(options_.seed, user);
      listener.simulate(user, activity.kind, listens_of(activity));
      std::copy(listener.taste().begin(), listener.taste().end(), user_truth_.row(user).begin());
      const std::string id = user_id(user);
      append_listen_rows(piece.listens, world_, id, listener.listens());
      for (const std::int32_t artist : listener.follows())
        append_follow_row(piece.follows, id, artist);
      piece.listen_rows += std::ssize(listener.listens());
      piece.streams += std::ranges::count_if(listener.listens(), [](const Listen& l) { return l.ms_played >= 30'000; });
      piece.follow_rows += std::ssize(listener.follows());
    }
    piece.listens = compress(compression_, std::move(piece.listens));
    piece.follows = compress(compression_, std::move(piece.follows));
    return piece;
  }

  void write_rows(const std::string& name, std::string_view header, std::int64_t rows,
                  void (*append_row)(std::string&, const World&, std::int64_t)) {
    ProgressTask task(progress_, "write " + name, rows, "rows");
    AtomicFile file(table_path(name));
    file.write(compress(compression_, std::string(header)));
    in_order((rows + kChunkRows - 1) / kChunkRows,
             [&](std::int64_t chunk) {
               const std::int64_t end = std::min(rows, (chunk + 1) * kChunkRows);
               std::string text;
               for (std::int64_t row = chunk * kChunkRows; row < end; ++row)
                 append_row(text, world_, row);
               task.advance(end - chunk * kChunkRows);
               return compress(compression_, std::move(text));
             },
             [&](const std::string& text) { file.write(text); });
    file.commit();
  }

  void write_truth() const {
    const fs::path folder = folder_ / "truth";
    std::error_code error;
    fs::create_directory(folder, error);
    if (error)
      throw IoError("create", folder, error.value());
    IdTable users, songs;
    for (std::int64_t user = 0; user < options_.users; ++user)
      users.add(user_id(user));
    for (std::int64_t song = 0; song < options_.songs; ++song)
      songs.add(world_.song_id(song));
    write_factor_table(folder, "users", user_truth_.view(), users);
    write_factor_table(folder, "songs", world_.song_vectors.view(), songs);
  }

  fs::path folder_;
  SimulateOptions options_;
  Progress& progress_;
  Compression compression_;
  World world_;
  Matrix<float> user_truth_;
  double scale_ = 0;
  SimulateResult result_;
};

}  // namespace

SimulateResult simulate_log(const fs::path& directory, const SimulateOptions& options, Progress& progress) {
  check(options);
  require_memory(options);
  OutputFolder folder(directory);
  const SimulateResult result = Simulation(folder.path(), options, progress).write();
  folder.keep();
  return result;
}

}  // namespace segue::data
