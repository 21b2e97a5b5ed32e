#include <array>
#include <string_view>

#include "segue/music/renderer.hpp"

namespace segue::music {
namespace {

struct KnownFont {
  std::string_view name;
  std::string_view file;
};

// As Debian's timgm6mb-soundfont, fluid-soundfont-gm, musescore-general-soundfont-small, opl3-soundfont and
// csound-soundfont have them.
constexpr std::array kKnownFonts = {KnownFont{"timgm", "sf2/TimGM6mb.sf2"}, KnownFont{"fluid", "sf2/FluidR3_GM.sf2"},
                                    KnownFont{"musescore", "sf3/MuseScore_General_Lite.sf3"},
                                    KnownFont{"opl3", "sf2/OPL-3_FM_128M.sf2"},
                                    KnownFont{"csound", "sf2/sf_GMbank.sf2"}};

// The third is Fedora's and Arch's, where all lie in one folder.
constexpr std::array<std::string_view, 2> kFolders = {"/usr/share/sounds", "/usr/share/soundfonts"};

}  // namespace

std::vector<SoundFont> installed_soundfonts() {
  std::vector<SoundFont> found;
  for (const KnownFont& font : kKnownFonts)
    for (const std::filesystem::path folder : kFolders) {
      const bool flat = folder.filename() == "soundfonts";
      const std::filesystem::path file = font.file;
      const std::filesystem::path path = folder / (flat ? file.filename() : file);
      std::error_code unreadable;  // then it is not there for us
      if (!std::filesystem::exists(path, unreadable))
        continue;
      found.push_back({std::string(font.name), path});
      break;
    }
  return found;
}

}  // namespace segue::music
