#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <vector>

#include "segue/audio/network.hpp"
#include "segue/core/error.hpp"

namespace segue::audio {
namespace {

namespace fs = std::filesystem;

/// models/ of the source tree that a binary in build/<preset>/… belongs to, or share/segue/models of an installed bin/.
std::vector<fs::path> model_folders() {
  if (const char* given = std::getenv("SEGUE_MODELS"); given != nullptr && *given != '\0')
    return {given};
  std::vector<fs::path> folders;
  std::error_code error;
  const fs::path binary = fs::read_symlink("/proc/self/exe", error);
  for (fs::path folder = binary.parent_path(); folder.has_relative_path(); folder = folder.parent_path()) {
    folders.push_back(folder / "models");
    folders.push_back(folder / "share" / "segue" / "models");
  }
  return folders;
}

}  // namespace

fs::path find_model(const std::string& name) {
  const std::vector<fs::path> folders = model_folders();
  std::string looked;
  for (const fs::path& folder : folders) {
    const fs::path path = folder / name;
    std::error_code error;
    if (fs::is_regular_file(path, error))
      return path;
    looked += fmt::format("{}{}", looked.empty() ? "" : ", ", folder.string());
  }
  throw IoError(fmt::format("find the model {} in {} (set SEGUE_MODELS to its folder): open", name, looked), name,
                ENOENT);
}

}  // namespace segue::audio
