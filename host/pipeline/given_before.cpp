#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "host/pipeline/manifest.hpp"
#include "segue/core/error.hpp"
#include "segue/core/sha256.hpp"
#include "segue/core/text.hpp"
#include "segue/pipeline/run.hpp"

namespace segue::pipeline {
namespace {

namespace fs = std::filesystem;

struct EarlierLists {
  fs::path file;
  std::int64_t count;  // lists, as the run's manifest has it
};

/// The lists to respect: for each earlier Monday, those of the newest run.
std::map<Date, EarlierLists> earlier_lists(const fs::path& runs, Date monday) {
  std::map<Date, EarlierLists> lists;
  for (const fs::path& run : published_runs(runs))
    if (const Manifest manifest = read_manifest(run); manifest.monday && *manifest.monday < monday)
      lists[*manifest.monday] = {run / "playlists" / "discover-weekly.jsonl", manifest.discover_weekly_lists};
  return lists;
}

[[noreturn]] void refuse(const fs::path& file, const std::string& why) {
  throw BadInput(
      fmt::format("{}: {}; restore it, or remove that run and its songs may be given again", file.string(), why));
}

using Pair = std::pair<std::int32_t, std::int32_t>;

void collect_pairs(const EarlierLists& lists, const Listening& listening, std::vector<Pair>& pairs) {
  std::ifstream stream(lists.file);
  std::string text;
  std::int64_t line = 0;
  while (std::getline(stream, text)) {
    ++line;
    try {
      const nlohmann::json list = nlohmann::json::parse(text);
      const std::int32_t user = listening.users.find(list.at("user").get_ref<const std::string&>());
      if (user == data::IdTable::kNone)
        continue;
      for (const nlohmann::json& song : list.at("songs"))
        pairs.emplace_back(user, listening.songs.find(song.at("song").get_ref<const std::string&>()));
    } catch (const nlohmann::json::exception& error) {
      refuse(lists.file, fmt::format("line {}: {}", line, quote_for_message(error.what(), 200)));
    }
  }
  if (line != lists.count)
    refuse(lists.file, fmt::format("it has {} lists, and its run was published with {}", line, lists.count));
}

}  // namespace

data::Csr given_before(const fs::path& runs, Date monday, const Listening& listening, std::string* fingerprint) {
  std::vector<Pair> pairs;
  std::string hashes;
  for (const auto& [date, lists] : earlier_lists(runs, monday)) {
    collect_pairs(lists, listening, pairs);
    hashes += format_date(date) + " " + sha256_file(lists.file) + "\n";
  }
  if (fingerprint != nullptr)
    *fingerprint = sha256(hashes);
  std::erase_if(pairs, [](const Pair& pair) { return pair.second == data::IdTable::kNone; });
  std::sort(pairs.begin(), pairs.end());
  pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());

  data::Csr given{.rows = listening.users.size(), .columns = listening.songs.size()};
  given.offsets.assign(static_cast<std::size_t>(given.rows) + 1, 0);
  for (const auto& [user, song] : pairs) {
    ++given.offsets[static_cast<std::size_t>(user) + 1];
    given.indices.push_back(song);
  }
  for (std::size_t row = 0; row < static_cast<std::size_t>(given.rows); ++row)
    given.offsets[row + 1] += given.offsets[row];
  return given;
}

}  // namespace segue::pipeline
