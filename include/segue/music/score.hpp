#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "segue/audio/labels.hpp"

/// Symbolic music, from which training data is rendered (docs/audio-training.md).
namespace segue::music {

/// Times in beats of the tactus (the dotted quarter in 6/8, the quarter in 7/8) from the first downbeat.
struct Note {
  double on = 0, off = 0;
  int pitch = 60;     ///< MIDI
  int velocity = 90;  ///< 1–127
};

enum class ChordQuality {
  major,
  minor,
  seventh,
  minor_seventh,
  major_seventh,
  power,
  diminished,
  half_diminished,
  suspended_fourth,
  suspended_second,
  augmented,
  sharp_ninth,
  ninth,
  minor_ninth,
  diminished_seventh,
  sixth,
  minor_sixth,
  minor_major_seventh
};
inline constexpr int kChordQualities = 18;
std::string_view chord_quality_name(ChordQuality quality);  ///< "maj", "min", "7", "min7", "maj7", "5", "dim", …
std::optional<ChordQuality> parse_chord_quality(std::string_view name);
/// Semitones above the root.
const std::vector<int>& chord_intervals(ChordQuality quality);

struct Chord {
  double on = 0, off = 0;
  int root = 0;  ///< pitch class
  ChordQuality quality = ChordQuality::major;
  int bass = 0;  ///< pitch class
};

/// Beats of the tactus in a bar: 3, 4, 5, 2 (6/8), 3.5 (7/8).
double beats_per_bar(audio::Metre metre);

/// A tune: a line of scores.jsonl.
struct Score {
  std::string id;
  std::string corpus;  ///< "nottingham", "pop909", "openewld", …
  int key = -1;        ///< pitch class of the tonic; −1: not known
  int mode = -1;       ///< 1 major, 0 minor, −1 not known
  audio::Metre metre = audio::Metre::four_four;
  double beats = 0;  ///< length
  std::vector<Note> melody, accompaniment;
  std::vector<Chord> chords;
};

struct DrumHit {
  double beat = 0;
  int pitch = 36;  ///< General MIDI percussion
  int velocity = 90;
};

/// A drummer's performance in 4/4: a line of grooves.jsonl.
struct Groove {
  std::string id;
  std::string style;  ///< "rock", "funk/groove1", …
  double bpm = 120;
  double beats = 0;
  std::vector<DrumHit> hits;
};

struct Corpus {
  std::vector<Score> scores;
  std::vector<Groove> grooves;
};

/// Reads DIR/scores.jsonl and, if it is there, DIR/grooves.jsonl, as scripts/import-scores writes them. An empty path
/// gives an empty corpus: everything is then procedural.
/// @throws IoError; BadInput  file, line, field, value
Corpus read_corpus(const std::filesystem::path& directory);

/// By a hash of the id: 80% train, 10% validation, 10% test, the same for ever.
audio::Split split_of(std::string_view id);

}  // namespace segue::music
