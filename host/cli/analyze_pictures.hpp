#pragma once

#include <filesystem>
#include <set>
#include <string>

#include "segue/audio/profile.hpp"

namespace segue::cli {

/// Where each file's picture goes: into a folder under the file's name, or, of one file, into an .svg.
class Pictures {
 public:
  /// @param target  empty: none is drawn.  @throws InvalidArgument  one .svg for several files
  Pictures(const std::string& target, std::size_t files);

  bool wanted() const { return !target_.empty(); }
  void draw(const audio::Analysis& analysis, const audio::FrontEndOptions& front_end);

 private:
  std::filesystem::path path_for(const std::filesystem::path& audio);

  std::filesystem::path target_;
  std::set<std::string> taken_;
};

}  // namespace segue::cli
