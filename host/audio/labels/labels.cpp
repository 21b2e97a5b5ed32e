#include "segue/audio/labels.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "host/audio/labels/label_files.hpp"
#include "segue/core/error.hpp"

namespace segue::audio {
namespace {

constexpr std::array<std::string_view, kMetres> kMetreNames = {"3/4", "4/4", "5/4", "6/8", "7/8"};

}  // namespace

std::string_view metre_name(Metre metre) {
  return kMetreNames[static_cast<std::size_t>(metre)];
}

int time_signature(Metre metre) {
  return static_cast<int>(metre) + 3;
}

std::optional<Metre> parse_metre(std::string_view name) {
  const auto found = std::find(kMetreNames.begin(), kMetreNames.end(), name);
  if (found == kMetreNames.end())
    return std::nullopt;
  return kAllMetres[static_cast<std::size_t>(found - kMetreNames.begin())];
}

std::string_view split_name(Split split) {
  constexpr std::array<std::string_view, 3> kNames = {"train", "validation", "test"};
  return kNames[static_cast<std::size_t>(split)];
}

std::vector<Labels> read_labels(const std::filesystem::path& directory) {
  if (std::filesystem::exists(directory / "labels.jsonl"))
    return read_labels_jsonl(directory / "labels.jsonl");
  if (std::filesystem::exists(directory / "labels.csv"))
    return read_labels_csv(directory / "labels.csv");
  throw BadInput(
      fmt::format("{}: no labels.jsonl and no labels.csv in it: name a folder that `segue simulate music` made, or add "
                  "labels.csv with a column path",
                  directory.string()));
}

}  // namespace segue::audio
