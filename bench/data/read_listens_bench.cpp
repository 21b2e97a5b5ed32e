// Rows and bytes a second of read_listens() on a warm file. The log is shaped like a service's: sorted by user, one to
// two hundred listens each, 22-character song ids of a power-law catalogue of 500,000; 70 bytes a row.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "segue/core/date.hpp"
#include "segue/core/file.hpp"
#include "segue/core/parallel.hpp"
#include "segue/core/random.hpp"
#include "segue/data/listens.hpp"

namespace {

namespace fs = std::filesystem;
using segue::Random;

std::vector<std::string> random_ids(std::size_t count, Random& random) {
  constexpr std::string_view kDigits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  std::vector<std::string> ids(count, std::string(22, ' '));
  for (std::string& id : ids)
    for (char& c : id)
      c = kDigits[random.below(kDigits.size())];
  return ids;
}

void write_log(const fs::path& path, std::int64_t rows) {
  constexpr const char* kContexts[] = {"playlist", "search", "library", "radio", "album"};
  Random random(5);
  const std::vector<std::string> songs = random_ids(500'000, random);
  segue::AtomicFile file(path);
  file.write("user_id,song_id,timestamp,ms_played,context\n");
  std::string line;
  std::uint32_t user = 0, left = 0;
  for (std::int64_t row = 0; row < rows; ++row, --left) {
    if (left == 0) {
      ++user;
      left = 1 + random.below(200);
    }
    const double popular = random.uniform();
    const auto song = static_cast<std::size_t>(static_cast<double>(songs.size()) * popular * popular * popular);
    line = "user" + std::to_string(user) + ',' + songs[song] + ',';
    line += segue::format_timestamp(1'293'840'000 + random.below(31'536'000)) + ',';
    line += std::to_string(random.below(400'000)) + ',' + kContexts[random.below(5)] + '\n';
    file.write(line);
  }
  file.commit();
}

// One file a size for the whole process, in a folder of its own that goes with it.
class Logs {
 public:
  Logs() : folder_(fs::temp_directory_path() / ("read_listens_bench." + std::to_string(::getpid()))) {
    fs::create_directory(folder_);
  }
  ~Logs() { fs::remove_all(folder_); }
  Logs(const Logs&) = delete;
  Logs& operator=(const Logs&) = delete;

  fs::path of(std::int64_t rows) {
    const fs::path path = folder_ / (std::to_string(rows) + ".csv");
    if (!fs::exists(path))
      write_log(path, rows);
    return path;
  }

 private:
  fs::path folder_;
};

void read_listens(benchmark::State& state) {
  static Logs logs;
  const std::int64_t rows = state.range(0);
  segue::set_thread_count(static_cast<int>(state.range(1)));
  const fs::path path = logs.of(rows);
  for (auto _ : state) {
    segue::data::IdTable users, songs;
    segue::data::RejectLog rejects;
    const auto log = segue::data::read_listens(path, {}, users, songs, rejects, segue::no_progress());
    if (log.size() != rows)
      state.SkipWithError("rows are missing");
  }
  segue::set_thread_count(0);
  state.SetItemsProcessed(state.iterations() * rows);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(fs::file_size(path)));
}
BENCHMARK(read_listens)
    ->ArgNames({"rows", "threads"})
    ->Args({2'000'000, 1})
    ->Args({2'000'000, 0})
    ->Args({20'000'000, 0})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
