#include "host/pipeline/profile_columns.hpp"

#include <charconv>
#include <string_view>

#include "segue/data/table_reader.hpp"

namespace segue::pipeline {
namespace {

constexpr double kFastest = 1000;                  // BPM, as in the catalogue's tempo
constexpr double kQuietest = -100, kLoudest = 20;  // dB

template <class Number>
std::optional<Number> parse(const data::Record& row, int column, Number low, Number high) {
  if (column < 0 || static_cast<std::size_t>(column) >= row.fields.size())
    return std::nullopt;
  const std::string_view text = row.fields[static_cast<std::size_t>(column)];
  Number value{};
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool is_number = fault == std::errc{} && end == text.data() + text.size();
  return is_number && value >= low && value <= high ? std::optional(value) : std::nullopt;
}

}  // namespace

std::vector<CatalogueProfile> read_profile_columns(const std::filesystem::path& songs) {
  data::TableReader table(songs);
  const auto id = static_cast<std::size_t>(table.require_column("song_id"));
  const int tempo = table.column("tempo"), loudness = table.column("loudness"), key = table.column("key"),
            mode = table.column("mode"), time_signature = table.column("time_signature");
  std::vector<CatalogueProfile> profiles;
  if (key < 0 && mode < 0 && loudness < 0 && time_signature < 0 && tempo < 0)
    return profiles;
  const std::unique_ptr<data::RecordBlock> block = table.make_block();
  const auto add = [&](const data::Record& row) {
    if (id >= row.fields.size())
      return;
    CatalogueProfile profile;
    profile.id = row.fields[id];
    profile.tempo = parse<double>(row, tempo, 0, kFastest);
    profile.loudness = parse<double>(row, loudness, kQuietest, kLoudest);
    profile.key = parse<int>(row, key, -1, 11);
    profile.mode = parse<int>(row, mode, 0, 1);
    profile.time_signature = parse<int>(row, time_signature, 3, 7);
    profiles.push_back(std::move(profile));
  };
  while (table.next(*block))
    block->for_each(add, [](const data::DamagedRecord&) {});  // among the rejects already
  return profiles;
}

}  // namespace segue::pipeline
