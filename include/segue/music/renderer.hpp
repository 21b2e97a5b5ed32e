#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "segue/audio/labels.hpp"
#include "segue/core/progress.hpp"
#include "segue/core/random.hpp"
#include "segue/music/arrangement.hpp"

namespace segue::music {

/// A soundfont: its short name and where it is.
struct SoundFont {
  std::string name;
  std::filesystem::path path;
};

/// Those of Debian's packages that are installed: timgm, fluid, musescore, opl3, csound.
std::vector<SoundFont> installed_soundfonts();

struct RenderOptions {
  int sample_rate = 22050;
  double seconds = 20;
  double detuning_limit_cents = 50;  ///< half are in tune, a quarter normal (12 cents), a quarter uniform within this
};

struct Excerpt {
  std::vector<float> samples;  ///< mono, peak 0.9
  audio::Labels labels;        ///< path, split empty
};

/// Plays arrangements through libfluidsynth, one soundfont load each, with humanised timing, drift, a distorted guitar
/// stem, a formant-synthesised voice, and the room, noise, equaliser and codec of real recordings. Not thread-safe.
class Renderer {
 public:
  /// @throws IoError, BadInput  a soundfont cannot be loaded; InvalidArgument  no font, an option out of range
  Renderer(std::vector<SoundFont> fonts, const RenderOptions& options);
  ~Renderer();
  /// Nothing where the arrangement turns out silent. The beats of 7/8 stay unknown.
  std::optional<Excerpt> render(const Arrangement& arrangement, Random& random);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

struct SimulateMusicOptions {
  std::int64_t count = 1000;
  std::uint64_t seed = 1;
  audio::Split split = audio::Split::train;
  ArrangeOptions arrange;
  RenderOptions render;
  std::vector<SoundFont> fonts;
};

struct SimulateMusicResult {
  std::int64_t excerpts = 0;
  double seconds_of_audio = 0;
  std::int64_t bytes = 0;
};

/// Writes DIR/audio/<split>-<number>.flac and appends DIR/labels.jsonl. Excerpt i depends on (seed, split, i) alone, so
/// that a killed run goes on where it was and any number of threads gives the same files. One process at a time; splits
/// may share a folder.
/// @throws IoError; InvalidArgument  an option out of range, a folder begun with others or in use; BadInput
SimulateMusicResult simulate_music(const std::filesystem::path& directory, const Corpus& corpus,
                                   const SimulateMusicOptions& options, Progress& progress);

}  // namespace segue::music
