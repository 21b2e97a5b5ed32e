#include "host/cli/analyze_songs.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>

#include "host/audio/profile/profile_json.hpp"

namespace segue::cli {
namespace {

using audio::SongProfile;
using audio::StoredProfile;

constexpr std::size_t kExamples = 3;  // songs named of a group

std::string name_of(const StoredProfile& song) {
  return std::filesystem::path(song.path).filename().string();
}

std::string decibels(double value) {
  return std::isfinite(value) ? fmt::format("{:.1f}", value) : "−∞";
}

double median(std::vector<double> values) {
  if (values.empty())
    return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

}  // namespace

std::string tempo_text(double tempo, double confidence) {
  return tempo > 0 ? fmt::format("{:.1f} ({:.2f})", tempo, confidence) : "";
}

std::string metre_text(int time_signature) {
  return fmt::format("{}/{}", time_signature, time_signature <= 5 ? 4 : 8);
}

void say_songs(std::span<const StoredProfile> songs, const Session& session) {
  Json rows = Json::array();
  for (const StoredProfile& song : songs) {
    const SongProfile& profile = song.profile;
    rows.push_back(
        {{"file", name_of(song)},
         {"BPM", tempo_text(profile.tempo, profile.tempo_confidence)},
         {"or", tempo_text(profile.second_tempo, profile.second_tempo_confidence)},
         {"key", fmt::format("{} ({:.2f})", audio::key_name(profile.key, profile.mode), profile.key_confidence)},
         {"metre", fmt::format("{} ({:.2f})", metre_text(profile.time_signature), profile.time_signature_confidence)},
         {"LUFS", decibels(profile.loudness.integrated_lufs)},
         {"LRA", decibels(profile.loudness.range_lu)},
         {"dBTP", decibels(profile.loudness.true_peak_dbtp)},
         {"length", format_duration(profile.seconds)}});
  }
  session.say_table(rows);
}

void say_groups(std::span<const StoredProfile> songs, const Session& session) {
  std::map<std::int32_t, std::vector<const StoredProfile*>> groups;
  for (const StoredProfile& song : songs)
    if (song.group >= 0)
      groups[song.group].push_back(&song);
  Json rows = Json::array();
  for (const auto& [group, members] : groups) {
    std::vector<double> tempi, loudness;
    std::string examples;
    for (std::size_t i = 0; i < members.size(); ++i) {
      tempi.push_back(members[i]->profile.tempo);
      loudness.push_back(members[i]->profile.loudness.integrated_lufs);
      if (i < kExamples)
        examples += (i == 0 ? "" : ", ") + name_of(*members[i]);
    }
    const auto minor = std::ranges::count_if(members, [](const auto* song) { return song->profile.mode == 0; });
    rows.push_back(
        {{"group", group},
         {"songs", members.size()},
         {"median BPM", median(tempi)},
         {"minor", fmt::format("{:.0f}%", 100.0 * static_cast<double>(minor) / static_cast<double>(members.size()))},
         {"median LUFS", decibels(median(loudness))},
         {"such as", examples}});
  }
  session.say_table(rows);
}

Json json_of(std::span<const StoredProfile> songs) {
  Json rows = Json::array();
  for (const StoredProfile& song : songs) {
    const SongProfile& profile = song.profile;
    Json row{{"file", song.path}};
    row.update(audio::json_of(profile));
    if (profile.second_tempo <= 0)
      row["second_tempo"] = nullptr;
    row["key_name"] = audio::key_name(profile.key, profile.mode);
    if (song.group >= 0)
      row["group"] = song.group;
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace segue::cli
