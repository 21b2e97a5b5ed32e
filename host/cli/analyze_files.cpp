#include "host/cli/analyze_files.hpp"

#include <fmt/format.h>
#include <glob.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <string_view>
#include <system_error>

#include "segue/core/error.hpp"

namespace segue::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 19> kEndings{".wav", ".flac", ".mp3", ".ogg", ".oga", ".opus", ".m4a",
                                                    ".m4b", ".aac",  ".mp4", ".wma", ".aif", ".aiff", ".au",
                                                    ".caf", ".ape",  ".wv",  ".mka", ".webm"};

bool is_called_as_audio(const fs::path& path) {
  std::string ending = path.extension().string();
  std::ranges::transform(ending, ending.begin(), [](unsigned char c) { return std::tolower(c); });
  return std::ranges::find(kEndings, ending) != kEndings.end() && !path.filename().string().starts_with('.');
}

std::vector<fs::path> files_below(const fs::path& directory) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error))
    if (std::error_code unknown; entry->is_regular_file(unknown) && is_called_as_audio(entry->path()))
      files.push_back(entry->path());
  if (error)
    throw IoError("read a folder in", directory, error.value());
  if (files.empty())
    throw BadInput(
        fmt::format("{}: no audio in this folder or below; expected files such as .flac, .wav, .mp3, .ogg or "
                    ".m4a (others are taken when they are named)",
                    directory.string()));
  std::ranges::sort(files);
  return files;
}

std::vector<fs::path> files_of_pattern(const std::string& pattern) {
  glob_t found{};
  const int code = ::glob(pattern.c_str(), 0, nullptr, &found);
  std::vector<fs::path> files;
  for (std::size_t i = 0; code == 0 && i < found.gl_pathc; ++i)
    if (!fs::is_directory(found.gl_pathv[i]))
      files.emplace_back(found.gl_pathv[i]);
  ::globfree(&found);
  if (files.empty())
    throw BadInput(fmt::format("{}: there is no such file; expected a file, a folder or a \"pattern\"", pattern));
  return files;
}

std::vector<fs::path> files_of(const std::string& input) {
  if (fs::is_directory(input))
    return files_below(input);
  return fs::exists(input) ? std::vector<fs::path>{input} : files_of_pattern(input);
}

}  // namespace

std::vector<fs::path> find_audio_files(std::span<const std::string> inputs) {
  std::vector<fs::path> files;
  std::set<fs::path> seen;
  for (const std::string& input : inputs)
    for (fs::path& file : files_of(input))
      if (seen.insert(file.lexically_normal()).second)
        files.push_back(std::move(file));
  return files;
}

}  // namespace segue::cli
