#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace segue::pipeline {

/// What a catalogue says of a song's sound, in Spotify's columns tempo, key, mode, loudness, time_signature; nothing
/// where a field is empty or out of range.
struct CatalogueProfile {
  std::string id;
  std::optional<double> tempo, loudness;
  std::optional<int> key, mode, time_signature;
};

/// Of the songs table; empty where it has none of these columns.  @throws IoError; BadInput
std::vector<CatalogueProfile> read_profile_columns(const std::filesystem::path& songs);

}  // namespace segue::pipeline
