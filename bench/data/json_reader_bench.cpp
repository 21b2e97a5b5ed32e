// Bytes and records a second of JsonReader on one thread, from memory: JSON Lines like those of a ListenBrainz dump,
// some 600 bytes and 25 keys a line of which 10 are wanted, and the same in one array. Beside it, what simdjson itself
// takes for the same: to index a line, and to find and unescape the same 10 values.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "host/data/json/json_reader.hpp"
#include "segue/core/random.hpp"

namespace {

namespace ondemand = simdjson::ondemand;
using segue::Random;

const std::vector<std::string> kKeys{"timestamp",
                                     "user_name",
                                     "user_id",
                                     "recording_msid",
                                     "track_metadata.artist_name",
                                     "track_metadata.track_name",
                                     "track_metadata.release_name",
                                     "track_metadata.additional_info.duration_ms",
                                     "track_metadata.additional_info.recording_mbid",
                                     "track_metadata.additional_info.spotify_id"};

std::string hexadecimal(std::size_t digits, Random& random) {
  std::string text(digits, '0');
  for (char& c : text)
    c = "0123456789abcdef"[random.below(16)];
  return text;
}

// Every tenth title has an escape in it.
std::string line(Random& random) {
  const std::string msid = hexadecimal(36, random), title = "Song " + hexadecimal(8, random);
  return fmt::format(
      R"({{"user_id":{},"user_name":"user_{}","timestamp":{},"track_metadata":{{"artist_name":"Artist {}","track_name":"{}{}",)"
      R"("release_name":"Album {}","additional_info":{{"artist_msid":"{}","release_msid":"{}","recording_mbid":"{}",)"
      R"("tracknumber":{},"duration_ms":{},"isrc":null,"tags":["a","b"],"spotify_id":"spotify:track:{}","discnumber":1,)"
      R"("media_player":"Player","submission_client":"client","submission_client_version":"1.2.3","listening_from":"phone",)"
      R"("rating":null,"date":"2009-01-01"}}}},"recording_msid":"{}","inserted_at":{}}})"
      "\n",
      random.below(20'000), random.below(20'000), 1'600'000'000 + random.below(1 << 25), hexadecimal(6, random), title,
      random.below(10) == 0 ? " \\u00e9" : "", hexadecimal(10, random), hexadecimal(16, random),
      hexadecimal(16, random), msid, random.below(20), random.below(400'000), hexadecimal(22, random), msid,
      1'600'000'000 + random.below(1 << 25));
}

std::string make_lines() {
  Random random(5);
  std::string text;
  while (text.size() < (64u << 20))
    text += line(random);
  return text;
}

const std::string& lines() {
  static const std::string text = make_lines();
  return text;
}

const std::string& one_array() {
  static const std::string text = [] {
    std::string array = lines();
    std::replace(array.begin(), array.end(), '\n', ',');
    array.back() = ']';
    return '[' + array;
  }();
  return text;
}

class MemorySource final : public segue::data::ByteSource {
 public:
  explicit MemorySource(std::string_view content) : content_(content) {}
  std::size_t read(std::span<char> out) override {
    const std::size_t count = content_.copy(out.data(), out.size());
    content_.remove_prefix(count);
    return count;
  }
  std::string_view peek(std::size_t size) override { return content_.substr(0, size); }
  std::int64_t file_position() const override { return 0; }
  std::int64_t file_bytes() const override { return 0; }

 private:
  std::string_view content_;
};

void count(benchmark::State& state, std::int64_t records, std::size_t bytes) {
  if (records != state.iterations() * std::count(lines().begin(), lines().end(), '\n'))
    state.SkipWithError("records are missing");
  state.SetItemsProcessed(records);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
}

// `parse` false: only next(), which is all that one thread has to do alone.
void read_records(benchmark::State& state, const std::string& text, bool parse) {
  std::int64_t records = 0;
  for (auto _ : state) {
    segue::data::JsonReader reader("bench", std::make_unique<MemorySource>(text), kKeys);
    const auto block = reader.make_block();
    while (reader.next(*block)) {
      if (parse)
        block->for_each(
            [&](const segue::data::Record& record) {
              ++records;
              benchmark::DoNotOptimize(record.fields.data());
            },
            [&](const segue::data::DamagedRecord&) { state.SkipWithError("damaged"); });
    }
  }
  count(state, parse ? records : state.iterations() * std::count(lines().begin(), lines().end(), '\n'), text.size());
}
BENCHMARK_CAPTURE(read_records, lines, lines(), true)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(read_records, lines_cut_only, lines(), false)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(read_records, array, one_array(), true)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(read_records, array_cut_only, one_array(), false)->Unit(benchmark::kMillisecond);

template <class Read>
void each_line(benchmark::State& state, Read&& read) {
  const simdjson::padded_string padded(lines());
  const std::string_view text = padded;
  ondemand::parser parser;
  std::int64_t records = 0;
  for (auto _ : state) {
    for (std::size_t begin = 0, end = 0; begin < text.size(); begin = end + 1, ++records) {
      end = text.find('\n', begin);
      ondemand::document document = parser.iterate(text.data() + begin, end - begin, text.size() - begin + 64);
      read(document);
    }
  }
  count(state, records, text.size());
}

void simdjson_index(benchmark::State& state) {
  each_line(state, [](ondemand::document& document) { benchmark::DoNotOptimize(document.is_alive()); });
}
BENCHMARK(simdjson_index)->Unit(benchmark::kMillisecond);

void simdjson_fields(benchmark::State& state) {
  each_line(state, [](ondemand::document& document) {
    ondemand::object listen = document.get_object();
    benchmark::DoNotOptimize(std::uint64_t(listen["user_id"]));
    benchmark::DoNotOptimize(std::string_view(listen["user_name"]));
    benchmark::DoNotOptimize(std::uint64_t(listen["timestamp"]));
    ondemand::object track = listen["track_metadata"];
    benchmark::DoNotOptimize(std::string_view(track["artist_name"]));
    benchmark::DoNotOptimize(std::string_view(track["track_name"]));
    benchmark::DoNotOptimize(std::string_view(track["release_name"]));
    ondemand::object info = track["additional_info"];
    benchmark::DoNotOptimize(std::string_view(info["recording_mbid"]));
    benchmark::DoNotOptimize(std::uint64_t(info["duration_ms"]));
    benchmark::DoNotOptimize(std::string_view(info["spotify_id"]));
    benchmark::DoNotOptimize(std::string_view(listen["recording_msid"]));
  });
}
BENCHMARK(simdjson_fields)->Unit(benchmark::kMillisecond);

}  // namespace
