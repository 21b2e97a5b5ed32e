#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace segue::cli {

/// The audio files that the inputs name, in their order, none twice: a file, whatever it is called; a folder, all below
/// it that are called as audio is; a pattern such as "music/*.flac".
/// @throws BadInput  one that names nothing
std::vector<std::filesystem::path> find_audio_files(std::span<const std::string> inputs);

}  // namespace segue::cli
