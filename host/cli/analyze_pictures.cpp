#include "host/cli/analyze_pictures.hpp"

#include <fmt/format.h>

#include "host/cli/analyze_plot.hpp"
#include "segue/core/error.hpp"
#include "segue/core/file.hpp"

namespace segue::cli {

namespace fs = std::filesystem;

Pictures::Pictures(const std::string& target, std::size_t files) : target_(target) {
  if (target_.extension() == ".svg" && files != 1)
    throw InvalidArgument(fmt::format("--plot {}: one picture, but {} files; name a folder", target, files));
  if (!target_.empty() && target_.extension() != ".svg")
    fs::create_directories(target_);
}

void Pictures::draw(const audio::Analysis& analysis, const audio::FrontEndOptions& front_end) {
  write_file(path_for(analysis.path), report::to_svg_file(draw_analysis(analysis, front_end)));
}

fs::path Pictures::path_for(const fs::path& audio) {
  if (target_.extension() == ".svg")
    return target_;
  const std::string name = audio.filename().string();
  std::string unique = name;
  for (int i = 2; !taken_.insert(unique).second; ++i)
    unique = fmt::format("{}-{}", name, i);
  return target_ / (unique + ".svg");
}

}  // namespace segue::cli
