#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "segue/core/error.hpp"
#include "segue/core/sha256.hpp"
#include "segue/pipeline/run.hpp"

namespace segue::pipeline {
namespace {

namespace fs = std::filesystem;

constexpr char kLists[] = "playlists/discover-weekly.jsonl";

/// The Monday a file of lists is for; nothing for an empty file.
std::optional<Date> date_of_lists(const fs::path& file) {
  std::ifstream stream(file);
  std::string line;
  if (!std::getline(stream, line))
    return std::nullopt;
  const nlohmann::json list = nlohmann::json::parse(line, nullptr, false);
  return list.is_object() ? parse_date(list.value("date", "")) : std::nullopt;
}

/// The lists to respect: for each earlier Monday, those of the newest run (its name begins with the UTC time).
std::map<Date, fs::path> earlier_lists(const fs::path& runs, Date monday) {
  std::vector<fs::path> published;
  if (fs::is_directory(runs))
    for (const fs::directory_entry& entry : fs::directory_iterator(runs))
      if (!entry.is_symlink() && fs::exists(entry.path() / "manifest.json") && fs::exists(entry.path() / kLists))
        published.push_back(entry.path());
  std::sort(published.begin(), published.end());
  std::map<Date, fs::path> lists;
  for (const fs::path& run : published)
    if (const auto date = date_of_lists(run / kLists); date && *date < monday)
      lists[*date] = run / kLists;
  return lists;
}

using Pair = std::pair<std::int32_t, std::int32_t>;

void collect_pairs(const fs::path& file, const Listening& listening, std::vector<Pair>& pairs) {
  std::ifstream stream(file);
  std::string text;
  for (std::int64_t line = 1; std::getline(stream, text); ++line) {
    try {
      const nlohmann::json list = nlohmann::json::parse(text);
      const std::int32_t user = listening.users.find(list.at("user").get_ref<const std::string&>());
      if (user == data::IdTable::kNone)
        continue;
      for (const nlohmann::json& song : list.at("songs"))
        pairs.emplace_back(user, listening.songs.find(song.at("song").get_ref<const std::string&>()));
    } catch (const nlohmann::json::exception& error) {
      throw BadInput(fmt::format("{}:{}: {}; remove or repair that run: its lists would be given again", file.string(),
                                 line, error.what()));
    }
  }
}

}  // namespace

data::Csr given_before(const fs::path& runs, Date monday, const Listening& listening, std::string* fingerprint) {
  std::vector<Pair> pairs;
  std::string hashes;
  for (const auto& [date, file] : earlier_lists(runs, monday)) {
    collect_pairs(file, listening, pairs);
    hashes += format_date(date) + " " + sha256_file(file) + "\n";
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
