#pragma once

#include <fluidsynth.h>

#include <array>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "segue/music/renderer.hpp"

namespace segue::music {

/// Seconds from where rendering begins.
struct TimedNote {
  double on = 0, off = 0;
  int channel = 0;
  int pitch = 60;
  int velocity = 90;
};

struct Performance {
  std::vector<TimedNote> notes;
  std::map<int, int> programs;  ///< channel → General MIDI program; 0 where there is none
  double detuning_cents = 0;    ///< of all but percussion
  double reverb = 0;            ///< 0 dry – 1
};

inline constexpr int kPercussionChannel = 9;

/// libfluidsynth with its soundfonts in memory. Instances share the samples of a font. Not thread-safe, and not even
/// two may be constructed at once.
class Synthesizer {
 public:
  /// @throws IoError  a file that cannot be read; BadInput  no soundfont, or one without an audible instrument or kit
  Synthesizer(std::span<const SoundFont> fonts, int sample_rate);

  /// Mono; the same for the same arguments, whatever was played before. A program that the font lacks, or that gives no
  /// sound, is replaced by one of its family, else by any.
  std::vector<float> play(std::size_t font, const Performance& performance, std::int64_t frames);

 private:
  struct Bank {
    fluid_sfont_t* font = nullptr;
    std::array<int, 128> instruments{}, kits{};  // program → the program played
  };
  struct Delete {
    void operator()(fluid_settings_t* settings) const { delete_fluid_settings(settings); }
    void operator()(fluid_synth_t* synth) const { delete_fluid_synth(synth); }
  };

  void load(const SoundFont& font);
  bool is_audible(fluid_sfont_t* font, int channel, int program) const;

  int sample_rate_;
  std::unique_ptr<fluid_settings_t, Delete> settings_;
  std::unique_ptr<fluid_synth_t, Delete> shelf_;  // owns the fonts, plays nothing
  std::vector<Bank> banks_;
};

}  // namespace segue::music
