#pragma once

#include <filesystem>
#include <vector>

#include "segue/audio/labels.hpp"

namespace segue::audio {

inline constexpr double kFastestTempo = 1000;  // BPM: beyond it is a mistake of units, not music

std::vector<Labels> read_labels_jsonl(const std::filesystem::path& path);
std::vector<Labels> read_labels_csv(const std::filesystem::path& path);

}  // namespace segue::audio
