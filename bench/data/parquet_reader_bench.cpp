// Rows a second of ParquetReader on a warm file, all four fields of each record as text. parquet_reader_peer.py writes
// the logs, 4 M listens of a user, a song of 22 characters, a time and a duration, and times pyarrow on them.
#include <benchmark/benchmark.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "host/data/parquet/parquet_reader.hpp"
#include "segue/core/parallel.hpp"

namespace {

namespace fs = std::filesystem;
using segue::data::ParquetReader;
using segue::data::Record;
using segue::data::RecordBlock;

constexpr std::size_t kBlocksAtATime = 24;

// In waves, as read_listens() does.
std::int64_t read(const fs::path& path, std::atomic<std::size_t>& bytes) {
  ParquetReader reader(path, {"user", "song", "timestamp", "ms_played"});
  std::vector<std::unique_ptr<RecordBlock>> blocks;
  while (blocks.size() < kBlocksAtATime)
    blocks.push_back(reader.make_block());
  std::atomic<std::int64_t> rows = 0;
  for (std::size_t filled = kBlocksAtATime; filled == kBlocksAtATime;) {
    for (filled = 0; filled < kBlocksAtATime && reader.next(*blocks[filled]);)
      ++filled;
    segue::parallel_tasks(static_cast<std::int64_t>(filled), [&](std::int64_t task) {
      std::int64_t some = 0;
      std::size_t size = 0;
      blocks[static_cast<std::size_t>(task)]->for_each(
          [&](const Record& record) {
            ++some;
            for (const std::string_view field : record.fields)
              size += field.size();
          },
          {});
      rows += some;
      bytes += size;
    });
  }
  return rows;
}

void parquet_reader(benchmark::State& state, const std::string& codec) {
  const char* const folder = std::getenv("SEGUE_BENCH_PARQUET");
  if (folder == nullptr) {
    state.SkipWithError("set SEGUE_BENCH_PARQUET to the folder that parquet_reader_peer.py wrote");
    return;
  }
  segue::set_thread_count(static_cast<int>(state.range(0)));
  std::atomic<std::size_t> bytes = 0;
  std::int64_t rows = 0;
  for (auto _ : state)
    rows += read(fs::path(folder) / ("log_" + codec + ".parquet"), bytes);
  segue::set_thread_count(0);
  state.SetItemsProcessed(rows);
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}
BENCHMARK_CAPTURE(parquet_reader, zstd, "zstd")
    ->ArgName("threads")
    ->Arg(1)
    ->Arg(2)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(parquet_reader, snappy, "snappy")
    ->ArgName("threads")
    ->Arg(1)
    ->Arg(2)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
