#pragma once

#include <array>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "segue/core/random.hpp"
#include "segue/music/score.hpp"

namespace segue::music {

enum class Style {
  rock,
  metal,
  disco,
  hip_hop,
  reggae,
  blues,
  jazz,
  country,
  pop,
  ballad,
  classical,
  house,
  funk,
  latin
};
inline constexpr int kStyles = 14;
std::string_view style_name(Style style);

/// A note of a MIDI channel; channel 9 is percussion.
struct StemNote {
  double on = 0, off = 0;  ///< beats of the tactus
  int channel = 0;
  int pitch = 60;
  int velocity = 90;
};

/// An excerpt for a band, ready to be played: what is played, in beats, and what it is.
struct Arrangement {
  std::string tune;    ///< id of the score, or "procedural-<n>"
  std::string source;  ///< corpus, or "procedural"
  Style style = Style::pop;
  audio::Metre metre = audio::Metre::four_four;
  double bpm = 120;      ///< of the tactus
  double beats = 0;      ///< how many beats there are to play
  double swing = 0;      ///< 0: straight; else where the off-beat eighth lies, 0.55–0.68
  int key = -1;          ///< pitch class; −1: not known, or none
  int mode = -1;         ///< 1 major, 0 minor
  bool keyless = false;  ///< percussion alone
  std::vector<StemNote> drums, guitar,
      band;                     ///< stems that are levelled and processed apart; guitar is the distorted one
  std::map<int, int> programs;  ///< channel → General MIDI program (a drum kit for channel 9)
  std::vector<Note> voice;      ///< sung lead; empty: none
  std::vector<Note> rap;        ///< unpitched syllables
};

struct ArrangeOptions {
  double seconds = 20;                                                               ///< of the excerpt
  double procedural_share = 0.5;                                                     ///< the rest from the corpus
  double keyless_share = 0.02;                                                       ///< drums alone
  std::array<double, audio::kMetres> metre_shares = {0.16, 0.54, 0.10, 0.10, 0.10};  ///< as audio::kAllMetres
};

/// Draws a tune of the split (or composes one), a style, a key, a tempo, and a band.
/// @throws InvalidArgument  shares that make no sense, a corpus without a tune of the split
Arrangement arrange(const Corpus& corpus, audio::Split split, const ArrangeOptions& options, Random& random);

}  // namespace segue::music
