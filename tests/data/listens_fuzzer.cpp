// Any bytes as a listening log, its layout told by the content, at two block sizes: never a crash, and the same
// listens, ids, titles and rejects.
#include <fmt/format.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

#include "segue/core/error.hpp"
#include "segue/core/log.hpp"
#include "segue/data/listens.hpp"
#include "tests/data/memory_file.hpp"

namespace {

using namespace segue;

std::optional<std::string> read(const std::filesystem::path& path, std::int64_t block_bytes) {
  data::ListenOptions options;
  options.reject_limit = 1;
  options.latest_timestamp = 4102444800;
  options.format.block_bytes = block_bytes;
  options.format.longest_record_bytes = 512;
  data::IdTable users, songs;
  data::Catalogue names;
  data::RejectLog rejects;
  std::string seen;
  try {
    const data::ListenCounts counts = data::read_listens(
        {&path, 1}, options, users, songs, &names, rejects, no_progress(), [&](const data::ListenLog& batch) {
          for (std::size_t i = 0; i < batch.user.size(); ++i)
            seen += fmt::format("{} {} {} {} {}\n", users.id(batch.user[i]), songs.id(batch.song[i]),
                                batch.timestamp[i], batch.ms_played[i], batch.count.empty() ? 1 : batch.count[i]);
        });
    seen += fmt::format("{} {} {} {}\n", counts.rejected, counts.not_music, counts.low_ratings, rejects.count());
  } catch (const Error&) {
    return std::nullopt;
  }
  if (names.songs() > songs.size())
    std::abort();
  for (std::int32_t song = 0; song < names.songs(); ++song)
    seen += fmt::format("{}|{}|{}\n", songs.id(song), names.title_of(song), names.artist_name_of(song));
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static test::MemoryFile input;
  spdlog::set_level(spdlog::level::off);
  input.set(data, size);
  const std::optional<std::string> fine = read(input.path(), 64), coarse = read(input.path(), 1 << 16);
  if (fine && coarse && *fine != *coarse)
    std::abort();
  return 0;
}
